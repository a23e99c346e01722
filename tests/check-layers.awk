# Judges what check-layers.sh has found: folders and what they may use, files, lines with an include, objects, symbols.

function fail(text)
{
	print "FAILED: " text
	failed++
}

# The longest row of the table that path lies in, or is; "" where there is none.
function folder_of(path,    folder)
{
	for (folder = path; folder != ""; sub(/\/?[^\/]*$/, "", folder))
		if (folder in row)
			return folder
	return ""
}

function add_uses(folder, to,    i, n, names)
{
	if ((folder, to) in may_use)
		return
	may_use[folder, to]
	n = split(row[to], names, " ")
	for (i = 1; i <= n; i++)
		add_uses(folder, names[i])
}

# A folder uses itself and what the table grants it.
function judge(user, used, text,    from, to)
{
	from = folder_of(user)
	to = folder_of(used)
	if (from == "" || to == "")
		fail(text ": " (from == "" ? user : used) " is in no folder that check-layers.sh knows")
	else if (!((from, to) in may_use))
		fail(text ": " from " must not use " to)
}

# src/ops/.libs/libsgan_core_la-bn.o was made from src/ops/bn.c.
function source_of(object)
{
	sub(/\/\.libs\//, "/", object)
	sub(/\/(lib[a-z0-9_]*_la|sgan_cpu)-/, "/", object)
	sub(/\.o$/, ".c", object)
	return object
}

what == "folders" {
	split($0, sides, /: ?/)
	row[sides[1]] = sides[2]
	next
}

what == "either" {
	instead[$1] = $2
	next
}

what == "files" {
	file[$0]
	next
}

# FILE:LINE:#include "..." or <...>; system headers are nobody's folder.
what == "includes" {
	split($0, place, ":")
	name = $0
	sub(/^[^"<]*["<]/, "", name)
	sub(/[">].*/, "", name)
	beside = place[1]
	sub(/[^\/]*$/, name, beside)
	target = name in file ? name : ("include/" name) in file ? "include/" name : beside
	if (target in file)
		include[++includes] = place[1] " " place[2] " " target
	else if ($0 ~ /"/ || name ~ /^sgan\//)
		fail(place[1] ":" place[2] " includes " name ", which is not there")
	next
}

# An object whose source is gone is left over from an earlier build.
what == "objects" {
	source = source_of($0)
	if (source in file) {
		source_by_object[$0] = source
		built[source]
		objects++
	}
	next
}

# OBJECT: NAME TYPE ...
what == "symbols" {
	object = $1
	sub(/:$/, "", object)
	if (!(object in source_by_object))
		next
	if ($3 == "U")
		need[++needs] = source_by_object[object] " " $2
	else
		definer[$2] = source_by_object[object]
}

function judge_includes(    i, part)
{
	for (i = 1; i <= includes; i++) {
		split(include[i], part, " ")
		judge(part[1], part[3], part[1] ":" part[2] " includes " part[3])
	}
}

function judge_symbols(    i, part, from, to, symbol)
{
	for (i = 1; i <= needs; i++) {
		split(need[i], part, " ")
		from = part[1]
		symbol = part[2]
		if (!(symbol in definer) || definer[symbol] == from)
			continue
		to = definer[symbol]
		if (folder_of(from) != folder_of(to))
			judge(from, to, from " needs " symbol " of " to)
		else if (!((from, to) in by_symbol)) {
			by_symbol[from, to] = symbol
			needed[from] = needed[from] " " to
		}
	}
}

# reached[x] for all that start needs, directly or not; came_from[x] on the shortest way there.
function reach(start, reached, came_from,    queue, head, tail, i, n, names)
{
	split("", reached)
	split("", came_from)
	queue[tail = 1] = start
	for (head = 1; head <= tail; head++) {
		n = split(needed[queue[head]], names, " ")
		for (i = 1; i <= n; i++)
			if (!(names[i] in reached)) {
				reached[names[i]]
				came_from[names[i]] = queue[head]
				queue[++tail] = names[i]
			}
	}
}

# The shortest circle through start, one line for each step.
function print_circle(start, came_from,    x, text)
{
	x = start
	do {
		text = "    " came_from[x] " needs " by_symbol[came_from[x], x] " of " x "\n" text
		x = came_from[x]
	} while (x != start)
	printf "%s", text
}

function judge_circles(    x, y, reached, back, came_from, ignored, told, members, count)
{
	for (x in needed) {
		reach(x, reached, came_from)
		if (x in told || !(x in reached))
			continue
		members = ""
		count = 0
		for (y in reached) {
			reach(y, back, ignored)
			if (x in back) {
				told[y]
				members = members " " y
				count++
			}
		}
		fail(folder_of(x) ": " count " files need each other:" members "; the shortest circle through the first found:")
		print_circle(x, came_from)
	}
}

END {
	for (x in row)
		add_uses(x, x)
	judge_includes()
	judge_symbols()
	judge_circles()
	for (x in file)
		if (x ~ /^src\/.*\.c$/ && !(x in built) && !(instead[x] in built))
			fail(x " has no object: it was not built, and not looked at")
	printf "%d includes, %d objects: %d found to be wrong\n", includes, objects, failed
	exit failed > 0
}
