# Turns presets (*.cfg) into src/sgan/preset/presets_builtin.c: a C string each, named after its file.

BEGIN {
	print "/* Made from presets/ by presets/embed.awk. */"
	print "#include \"src/sgan/preset/builtin.h\"\n"
	print "const struct sgan_builtin_preset sgan_builtin_presets[] = {"
}

FNR == 1 {
	if (NR > 1)
		print "\t},"
	name = FILENAME
	sub(/^.*\//, "", name)
	sub(/\.cfg$/, "", name)
	count++
	printf "\t{\n\t\t\"%s\",\n", name
}

{
	gsub(/["\\]/, "\\\\&")
	gsub(/\t/, "\\t")
	gsub(/\r/, "")
	printf "\t\t\"%s\\n\"\n", $0
}

END {
	if (count)
		print "\t},"
	print "\t{ NULL, NULL }, /* C has no empty arrays */"
	print "};\n"
	printf "const size_t sgan_builtin_preset_count = %d;\n", count
}
