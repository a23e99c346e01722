# From `objdump -d --no-show-raw-insn` of one function: its inner loop, for llvm-mca in the file `body`, and a line of
# counts: instructions, FMAs, accesses to the stack. With `pattern`: of the loops that have it. See tiles.sh.

/^ *[0-9a-f]+:\t/ {
	place = $1
	sub(/:/, "", place)
	sub(/^ *[0-9a-f]+:\t/, "")
	sub(/[ \t]*(\/\/.*)?$/, "")
	at[place] = ++count
	instruction[count] = $0
}

# Where the branch i goes; 0: it is none, or leaves the function.
function target(i, text) {
	text = instruction[i]
	if (text !~ /^(b|b\.[a-z]+|cbn?z|tbn?z)\t/)
		return 0
	sub(/ *<.*/, "", text)
	sub(/.*[ \t]/, "", text)
	return text in at ? at[text] : 0
}

function matches(begin, end, regex, i, n) {
	for (i = begin; i <= end; i++)
		n += instruction[i] ~ regex
	return n + 0
}

# Whether no branch within begin .. end goes back to a place within.
function innermost(begin, end, i, to) {
	for (i = begin; i < end; i++)
		if ((to = target(i)) && to <= i && to >= begin)
			return 0
	return 1
}

function print_body(begin, end, i, text) {
	print "loop:" >body
	for (i = begin; i < end; i++) {
		text = instruction[i]
		sub(/[0-9a-f]+ <.*/, "loop", text) # a branch out of it, which is not taken
		print "\t" text >body
	}
	text = instruction[end]
	sub(/[0-9a-f]+ <.*/, "loop", text)
	print "\t" text >body
}

END {
	most = -1
	for (i = 1; i <= count; i++) {
		to = target(i)
		if (!to || to > i || !innermost(to, i) || (pattern != "" && !matches(to, i, pattern)))
			continue
		fmas = matches(to, i, "^fml[as]\t")
		if (fmas > most || (fmas == most && i - to < end - begin)) {
			most = fmas
			begin = to
			end = i
		}
	}
	if (most < 0)
		exit 1
	print_body(begin, end)
	print end - begin + 1, most, matches(begin, end, "\\[sp")
}
