# The losses of two runs, line by line of their stats.jsonl: each within `allowed` (1e-3) of the other, relatively.
# Prints the largest difference; exit status 1 when one is larger, or the files do not have the same lines and losses.
#
# usage: awk -f losses.awk [-v allowed=1e-3] stats.jsonl stats.jsonl

# The losses of a line, by name, in values[]; how many.
function losses(line, values,    count, pair, name)
{
	delete values
	while (match(line, /"loss_[a-z0-9_]*":[^,}]*/)) {
		split(substr(line, RSTART, RLENGTH), pair, ":")
		name = pair[1]
		gsub(/"/, "", name)
		values[name] = pair[2]
		count++
		line = substr(line, RSTART + RLENGTH)
	}
	return count + 0
}

# What a line is of: "stage:joint,epoch:1,step:3".
function place(line)
{
	match(line, /"stage":"[a-z_]*","epoch":[0-9]*,"step":[0-9]*/)
	line = substr(line, RSTART, RLENGTH)
	gsub(/"/, "", line)
	return line
}

function is_number(text)
{
	return text ~ /^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$/
}

function size(x)
{
	return x < 0 ? -x : x
}

function wrong(text)
{
	print "losses: " text
	failed = 1
}

BEGIN {
	if (allowed == "")
		allowed = 1e-3
}

FNR == NR {
	first[FNR] = $0
	lines = FNR
	next
}

{
	count = losses(first[FNR], a)
	if (place(first[FNR]) != place($0) || losses($0, b) != count) {
		wrong("line " FNR ": " place(first[FNR]) " with " count " losses, " place($0) " with " losses($0, b))
		exit
	}
	for (name in a) {
		if (!is_number(a[name]) || !is_number(b[name])) {
			wrong("line " FNR ", " name ": " a[name] " and " b[name])
			continue
		}
		larger = size(a[name]) > size(b[name]) ? size(a[name]) : size(b[name])
		difference = larger > 0 ? size(a[name] - b[name]) / larger : 0
		compared++
		if (difference >= most) {
			most = difference
			where = place($0) ", " name ": " a[name] " and " b[name]
		}
		if (difference > allowed)
			wrong("line " FNR ", " name ": " a[name] " and " b[name])
	}
}

END {
	if (!failed && (FNR != lines || !compared))
		wrong(lines " lines and " FNR ", " compared + 0 " losses compared")
	printf "%d losses of %d lines compared; the largest difference is %.2g: %s\n", compared, lines, most, where
	exit failed
}
