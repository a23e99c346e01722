# A plot, as SVG, of what sgan-bench layers --json printed: each convolution's passes as percent of the peak, ours
# and, where it was asked for, the peer's.
#   sgan-bench layers --peer onednn --json | awk -f bench/json.awk -f bench/plot.awk > docs/images/layers.svg

/^{"header"/ {
	machine = text("cpu") ", " text("isa") ", " number("threads", 0) " threads, batch " number("batch", 0)
	peer = text("peer")
	sub(/,.*/, "", peer)
	next
}

/^{"layer"/ && text("shape") !~ /^dense/ && number("percent_of_peak", 1) != "" {
	name = text("layer")
	if (!(name in shape)) {
		names[++count] = name
		shape[name] = text("shape")
		gsub(/->/, "→", shape[name])
	}
	at = name SUBSEP text("pass")
	ours[at] = number("percent_of_peak", 1)
	if (number("peer_gflops", 1) != "")
		theirs[at] = sprintf("%.1f", 100 * number("peer_gflops", 3) / number("peak_gflops", 3))
	largest = ours[at] + 0 > largest ? ours[at] + 0 : largest
	largest = theirs[at] + 0 > largest ? theirs[at] + 0 : largest
}

function bar(x, y, percent, class) {
	if (percent == "")
		return
	printf "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"8\"/>\n", class, x, y, percent * scale
	printf "<text class=\"small\" x=\"%.1f\" y=\"%.1f\">%.0f</text>\n", x + percent * scale + 3, y + 7.5, percent
}

function panel(pass, left, i, y, percent) {
	printf "<text class=\"head\" x=\"%d\" y=\"58\">%s</text>\n", left, pass
	for (percent = 0; percent <= largest; percent += 50)
		printf "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"66\" y2=\"%d\"/><text class=\"small\" x=\"%.1f\" y=\"%d\">%d</text>\n", \
			percent == 100 ? "peak" : "grid", left + percent * scale, left + percent * scale, bottom, \
			left + percent * scale - 4, bottom + 14, percent
	for (i = 1; i <= count; i++) {
		y = 70 + (i - 1) * row
		bar(left, y, ours[names[i], pass], "ours")
		bar(left, y + 9, theirs[names[i], pass], "theirs")
	}
}

END {
	row = 26
	bottom = 70 + count * row
	panels = 250
	labels = 210
	scale = (panels - 40) / (largest > 100 ? largest : 100)
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n", \
		labels + 3 * panels, bottom + 24
	# greys that are read on white and on black
	print "<style>text { fill: #768390 } .head { font-weight: bold } .small { font-size: 9px }"
	print ".ours { fill: #2f81f7 } .theirs { fill: #d29922 } .grid { stroke: #768390; stroke-opacity: 0.3 }"
	print ".peak { stroke: #768390; stroke-dasharray: 4 3 }</style>"
	printf "<text class=\"head\" x=\"8\" y=\"18\">Percent of the machine's peak of fused multiply-adds</text>\n"
	printf "<text x=\"8\" y=\"36\">%s</text>\n", machine
	printf "<rect class=\"ours\" x=\"%d\" y=\"10\" width=\"10\" height=\"10\"/><text x=\"%d\" y=\"19\">sgan-cpu</text>\n", \
		labels + panels, labels + panels + 15
	if (peer != "")
		printf "<rect class=\"theirs\" x=\"%d\" y=\"10\" width=\"10\" height=\"10\"/><text x=\"%d\" y=\"19\">%s</text>\n", \
			labels + panels + 90, labels + panels + 105, peer
	for (i = 1; i <= count; i++) {
		y = 70 + (i - 1) * row
		printf "<text x=\"8\" y=\"%d\">%s</text><text class=\"small\" x=\"8\" y=\"%d\">%s</text>\n", \
			y + 8, names[i], y + 18, shape[names[i]]
	}
	panel("forward", labels)
	panel("backward-data", labels + panels)
	panel("backward-weights", labels + 2 * panels)
	print "</svg>"
}
