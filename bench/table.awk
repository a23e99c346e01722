# Tables in Markdown of what sgan-bench --json printed:
#   sgan-bench layers --peer onednn --json | awk -f bench/json.awk -f bench/table.awk

function unshape(shape) {
	gsub(/->/, "→", shape)
	return shape
}

/^{"header"/ {
	print (NR > 1 ? "\n" : "") text("cpu") ", " text("isa") ", " number("threads", 0) " threads, preset " text("preset") \
		", batch " number("batch", 0) ", peak " number("peak_gflops", 0) " GFLOP/s" \
		(text("peer") != "" ? "; " text("peer") : "") ".\n"
	kind = text("benchmark")
	peer = text("peer")
	sub(/[ ,].*/, "", peer)
	if (kind == "step" || kind == "sample") {
		print "| step | ms | images/s | GFLOP/s | % of peak |"
		print "|---|---:|---:|---:|---:|"
	} else if (kind == "kernels") {
		print "| kernel | shape | warm, ns | rate | % of peak | cold, ns | rate | % of peak |"
		print "|---|---|---:|---:|---:|---:|---:|---:|"
	} else if (kind != "peak") {
		print "| " (kind == "gemm" ? "product" : "layer") " | pass |" (kind == "layers" ? " algorithm |" : "") \
			" ms | GFLOP/s | % of peak |" (peer != "" ? " " peer ", GFLOP/s | ratio |" : "")
		print "|---|---|" (kind == "layers" ? "---|" : "") "---:|---:|---:|" (peer != "" ? "---:|---:|" : "")
	}
	next
}

# The operations within a step are for a closer look, not for a table.
/^{"operation"/ { next }

/^{"step"/ {
	stage = text("stage")
	print "| " (stage != "" ? stage ": " : "") text("step") " | " number("ms", 1) " | " number("images_per_second", 0) \
		" | " number("gflops", 0) " | " number("percent_of_peak", 1) " |"
}

function rate(when) {
	if (number(when "_gflops", 1) != "")
		return number(when "_gflops", 1) " GFLOP/s"
	return number(when "_gb_per_second", 1) " GB/s"
}

/^{"kernel"/ {
	print "| " text("kernel") " | " text("shape") " | " number("warm_ns", 0) " | " rate("warm") " | " \
		number("warm_percent_of_peak", 1) " | " number("cold_ns", 0) " | " rate("cold") " | " \
		number("cold_percent_of_peak", 1) " |"
}

/^{"layer"/ {
	name = text("layer") " " unshape(text("shape")) (text("by") != "" ? " (" text("by") ")" : "")
	print "| " name " | " text("pass") (kind == "layers" ? " | " text("algorithm") : "") " | " number("ms", 3) " | " number("gflops", 0) " | " \
		number("percent_of_peak", 1) " |" \
		(peer != "" ? " " number("peer_gflops", 0) " | " number("ratio", 2) " |" : "")
}

/^{"ratios"/ {
	print "\nGeometric mean of the ratios" (text("pass") != "" ? ", " text("pass") : "") ": " number("mean", 2) "."
}
