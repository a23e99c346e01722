# Members of an object of one line, as sgan-bench --json prints them; given before another program:
# awk -f bench/json.awk -f bench/table.awk
function text(key) {
	if (!match($0, "\"" key "\":\"[^\"]*\""))
		return ""
	return substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 5)
}

# A number, rounded to so many digits behind the point; "" where there is none.
function number(key, digits) {
	if (!match($0, "\"" key "\":[-+0-9.eE]+"))
		return ""
	return sprintf("%." digits "f", substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3))
}
