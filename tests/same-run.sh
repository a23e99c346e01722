# For scripts that compare runs, to be sourced. A run is the only one in its folder below $dir; `failed` becomes 1 where two
# are not the same.

told() { # stats.jsonl: what is the same for all runs
	sed -e '/"load":/d' -e 's/"images_per_second": *[^,}]*, *//' "$1"
}

same() { # a, b, files: run b has the files of a, at least so many, byte for byte
	compared=0
	for file in "$dir/$1"/00000-*/*; do
		name=$(basename "$file")
		case $name in
		stats.jsonl | run.json) continue ;; # they hold rates and paths
		esac
		cmp "$file" "$dir/$2"/00000-*/"$name" || failed=1
		compared=$((compared + 1))
	done
	[ "$compared" -ge "$3" ] || { echo "only $compared files to compare"; failed=1; }
	told "$dir/$1"/00000-*/stats.jsonl > "$dir/told"
	[ -s "$dir/told" ] || { echo "stats.jsonl is empty"; failed=1; }
	told "$dir/$2"/00000-*/stats.jsonl | diff "$dir/told" - || failed=1
}

all_settings() { # FILE: a preset with all that training has besides the default preset's settings
	cp "${abs_top_srcdir:?}/tests/tiny.cfg" "$1"
	cat >> "$1" <<'CFG'
generator_steps = [ 1, 2, 3 ];
generator_steps_above = [ 0.7, 0.69 ];
joint: { lambda_below = 0.1; ema = 0.9; };
CFG
}
