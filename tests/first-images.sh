#!/bin/sh
# first-images.sh FOLDER TRAIN TEST [FROM]: a dataset of so many of Fashion-MNIST's first images (or of the gzipped IDX
# files in FROM), for emulators and sanitizers, where all 10,000 test images would take most of the time.
set -eu

folder=$1
from=${4:-/usr/share/datasets/fashion-mnist}

# part FILE COUNT HEADER-BYTES ITEM-BYTES: the first items, with their number in the header
part() {
	{
		gzip -dc "$from/$1.gz" | head -c 4
		# shellcheck disable=SC2059
		printf "\\000\\000\\$(printf %03o $(($2 >> 8)))\\$(printf %03o $(($2 & 255)))"
		gzip -dc "$from/$1.gz" | head -c $(($3 + $2 * $4)) | tail -c +9
	} > "$folder/$1"
}

mkdir "$folder"
part train-images-idx3-ubyte "$2" 16 784
part train-labels-idx1-ubyte "$2" 8 1
part t10k-images-idx3-ubyte "$3" 16 784
part t10k-labels-idx1-ubyte "$3" 8 1
