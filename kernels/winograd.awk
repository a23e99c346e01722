# Writes kernels/winograd_tables.h: the linear maps of Winograd's minimal filtering, from its points.
#
#   awk -f kernels/winograd.awk > kernels/winograd_tables.h
#
# The points are 0, infinity where their number is even, and pairs p and -p, for each number of points those that lost
# least to rounding in a search (docs/performance.md). With
# the Lagrange basis L_i(x) = product over j != i of (x - p_j) / (p_i - p_j), the rows of `input` are its coefficients,
# at infinity those of the product of all (x - p_j). `power` has the points' powers: what is evaluated and summed up by
# moments. Fractions are exact: n[] over d[], in lowest terms.

function gcd(a, b,   t)
{
	a = a < 0 ? -a : a
	b = b < 0 ? -b : b
	while (b) {
		t = a % b
		a = b
		b = t
	}
	return a
}

function reduce(k,   g)
{
	g = gcd(n[k], d[k])
	n[k] /= g
	d[k] /= g
	if (d[k] < 0) {
		n[k] = -n[k]
		d[k] = -d[k]
	}
}

# The polynomial n[0..degree] over d[0..degree] times (x - pn/pd).
function multiply(degree, pn, pd,   k)
{
	n[degree + 1] = 0
	d[degree + 1] = 1
	for (k = degree + 1; k >= 0; k--) {
		n[k] = -n[k] * pn
		d[k] = d[k] * pd
		if (k > 0) {
			n[k] = n[k] * d[k - 1] + n[k - 1] * d[k]
			d[k] = d[k] * d[k - 1]
		}
		reduce(k)
	}
}

function fraction(num, den)
{
	return den == 1 ? num "" : "(real)" num " / " den
}

# Coefficients of point i's row; i < 0: infinity's.
function row(count, finite, i,   j, k, degree, dn, dd, text)
{
	n[0] = d[0] = 1
	degree = 0
	for (j = 0; j < finite; j++) {
		if (j == i)
			continue
		multiply(degree++, pn[j], pd[j])
		if (i < 0)
			continue
		dn = pn[i] * pd[j] - pn[j] * pd[i]
		dd = pd[i] * pd[j]
		for (k = 0; k <= degree; k++) {
			n[k] *= dd
			d[k] *= dn
			reduce(k)
		}
	}
	for (k = 0; k < count; k++)
		text = text (k ? ", " : "") (k <= degree ? fraction(n[k], d[k]) : "0")
	return text
}

function powers(i, count,   k, a, b, text)
{
	a = b = 1
	for (k = 0; k < count; k++) {
		text = text (k ? ", " : "") fraction(a, b)
		a *= pn[i]
		b *= pd[i]
	}
	return text
}

# Points 0, p, -p, ... of a list of p.
function set_points(list,   i, count, name, part)
{
	count = split(list, name, " ")
	pn[0] = 0
	pd[0] = 1
	for (i = 1; i <= count; i++) {
		part[2] = 1
		split(name[i], part, "/")
		pn[2 * i - 1] = part[1] + 0
		pd[2 * i - 1] = part[2] == "" ? 1 : part[2] + 0
		pn[2 * i] = -pn[2 * i - 1]
		pd[2 * i] = pd[2 * i - 1]
	}
}

# For `count` points: sets `finite`, those but infinity, and opens their part of a table.
function begin_table(count)
{
	finite = count % 2 ? count : count - 1
	set_points(pairs[count])
	print "\t{"
}

BEGIN {
	pairs[4] = "1"
	pairs[5] = "3/4 3"
	pairs[6] = "3/4 7/4"
	pairs[7] = "1/2 5/4 4"
	pairs[8] = "1 2 1/2"
	print "/* The maps of Winograd's minimal filtering, made by kernels/winograd.awk, which says what they are: do not edit. */"
	print "#ifndef SGAN_KERNELS_WINOGRAD_TABLES_H"
	print "#define SGAN_KERNELS_WINOGRAD_TABLES_H"
	print "\n#include \"kernels/kernels.h\""
	print "\n/* Powers of the points that come in pairs: [points - 4][point][exponent]. */"
	print "static const real winograd_power[5][6][7] = {"
	for (count = 4; count <= 8; count++) {
		begin_table(count)
		for (i = 1; i < finite; i++)
			print "\t\t{ " powers(i, count - 1) " },"
		print "\t},"
	}
	print "};"
	print "\n/* [points - 4][point][coefficient] */"
	print "static const real winograd_input_map[5][8][8] = {"
	for (count = 4; count <= 8; count++) {
		begin_table(count)
		print "\t\t{ " row(count, finite, 0) " },"
		if (finite < count)
			print "\t\t{ " row(count, finite, -1) " },"
		for (i = 1; i < finite; i++)
			print "\t\t{ " row(count, finite, i) " },"
		print "\t},"
	}
	print "};"
	print "\n#endif"
}
