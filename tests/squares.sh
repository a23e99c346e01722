#!/bin/sh
# squares.sh FOLDER TRAIN TEST: a dataset in IDX files of so many small pictures, in which the class shows: a bright
# square that moves with it. For scripts that need one to train on.
set -eu

folder=$1

# The header of an IDX file: its numbers as four bytes each, most significant first.
# shellcheck disable=SC2059
words() {
	for word; do
		printf "\\$(printf %03o $((word >> 24 & 255)))\\$(printf %03o $((word >> 16 & 255)))"
		printf "\\$(printf %03o $((word >> 8 & 255)))\\$(printf %03o $((word & 255)))"
	done
}

split() { # name count
	{
		words 2051 "$2" 28 28
		LC_ALL=C awk -v n="$2" 'BEGIN {
			for (i = 0; i < n; i++)
				for (y = 0; y < 28; y++)
					for (x = 0; x < 28; x++)
						printf "%c", (int(x / 5) == i % 5 && int(y / 14) == int(i % 10 / 5)) ? 120 : 1 + (i * 7 + x * y) % 9
		}'
	} > "$folder/$1-images-idx3-ubyte"
	{
		words 2049 "$2"
		i=0
		while [ "$i" -lt "$2" ]; do
			# shellcheck disable=SC2059
			printf "\\$(printf %03o $((i % 10)))"
			i=$((i + 1))
		done
	} > "$folder/$1-labels-idx1-ubyte"
}

mkdir "$folder"
split train "$2"
split t10k "$3"
