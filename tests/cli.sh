#!/bin/sh
# Lists of words are split on purpose, and "a && b || c" is right where b cannot fail.
# shellcheck disable=SC2086,SC2015,SC2059,SC2258,SC2010
# The command line: exit codes, one line of error that names what was wrong, nothing left behind by what failed.
# Prints a line a case; knows the program only from outside.
set -u

if [ -n "${SGAN_EMULATOR-}" ]; then
	echo "skipped: what the command line says is the same on every machine, and takes minutes in an emulator"
	exit 77
fi
cpu=${SGAN_CPU:-./sgan-cpu}
case $cpu in /*) ;; *) cpu=$PWD/$cpu ;; esac
dir=$(mktemp -d "${TMPDIR:-/tmp}/sgan-cli.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$dir/work"
cd "$dir/work" || exit 1
unset SGAN_ISA NO_COLOR
LC_ALL=C
export LC_ALL
passed=0
failed=0

ok() { # name
	passed=$((passed + 1))
	echo "ok $1"
}

not_ok() { # name, why
	failed=$((failed + 1))
	echo "not ok $1: $2"
	sed 's/^/    /' ../err
}

skip() { # name, why
	echo "ok $1 # skipped: $2"
}

# Runs the program: exit code in $code, its words in the files ../out and ../err.
run() {
	"$cpu" "$@" > ../out 2> ../err
	code=$?
}

# Whether the last run ended with a code and one line on stderr that has a text.
one_line() { # name code text
	if [ "$code" -ne "$2" ]; then
		not_ok "$1" "exit code $code, expected $2"
	elif [ "$(wc -l < ../err)" -ne 1 ] || [ "$(head -c 10 ../err)" != 'sgan-cpu: ' ]; then
		not_ok "$1" "not one line of error"
	elif ! grep -qF -- "$3" ../err; then
		not_ok "$1" "the error does not say '$3'"
	else
		return 0
	fi
	return 1
}

fails() { # name code text, arguments: and the folder is as it was
	name=$1 want=$2 text=$3
	shift 3
	find . | sort > ../before
	run "$@"
	find . | sort > ../after
	one_line "$name" "$want" "$text" || return
	if [ -s ../out ]; then
		not_ok "$name" "something on standard output"
	elif ! cmp -s ../before ../after; then
		not_ok "$name" "it left files behind: $(diff ../before ../after | grep '^[<>]' | tr '\n' ' ')"
	else
		ok "$name"
	fi
}

works() { # name, arguments
	name=$1
	shift
	run "$@"
	if [ "$code" -ne 0 ]; then
		not_ok "$name" "exit code $code"
		return 1
	fi
	ok "$name"
}

# The header of an IDX file: its numbers as four bytes each, most significant first.
words() {
	for word; do
		printf "\\$(printf %03o $((word >> 24 & 255)))\\$(printf %03o $((word >> 16 & 255)))"
		printf "\\$(printf %03o $((word >> 8 & 255)))\\$(printf %03o $((word & 255)))"
	done
}

labels() { # count
	i=0
	while [ "$i" -lt "$1" ]; do
		printf "\\$(printf %03o $((i % 10)))"
		i=$((i + 1))
	done
}

# Pictures of 8x8 pixels in which each class has its own grey.
pictures() { # count
	awk -v n="$1" 'BEGIN { for (i = 0; i < n * 64; i++) printf "%c", 33 + int(i / 64) % 10 * 9 }'
}

dataset() { # folder
	mkdir "$1"
	{ words 2051 100 8 8; pictures 100; } > "$1/train-images-idx3-ubyte"
	{ words 2049 100; labels 100; } > "$1/train-labels-idx1-ubyte"
	{ words 2051 20 8 8; pictures 20; } > "$1/t10k-images-idx3-ubyte"
	{ words 2049 20; labels 20; } > "$1/t10k-labels-idx1-ubyte"
}

# A picture's width and height, as its header has them.
size_of() {
	od -An -tu1 -j16 -N8 "$1" | awk '{ print $3 * 256 + $4 "x" $7 * 256 + $8 }'
}

dataset squares
cat > tiny.cfg << 'CFG'
base = "mnist";
name = "tiny";
image = [ 8, 8, 1 ];
batch = 10;
slices = 2;
log_interval = 5;
epochs = 2;
encoder: {
	epochs = 2;
	layers = (
		{ type = "input"; name = "x"; shape = [ 8, 8, 1 ]; },
		{ type = "conv"; name = "conv1"; kernel = 3; out = 4; act = "relu"; },
		{ type = "maxpool"; name = "pool1"; kernel = 2; },
		{ type = "dense"; name = "fc3"; out = 16; act = "relu"; },
		{ type = "dense"; name = "fc4"; out = 10; }
	);
};
stacks = (
	{
		cut = "fc3";
		condition = "squared_error";
		generator = (
			{ type = "input"; name = "h"; shape = [ 16 ]; },
			{ type = "input"; name = "z"; shape = [ 4 ]; },
			{ type = "concat"; name = "hz"; from = [ "h", "z" ]; },
			{ type = "dense"; name = "fc"; out = 64; bn = true; act = "relu"; shape = [ 4, 4, 4 ]; },
			{ type = "deconv"; name = "deconv"; kernel = 5; stride = 2; pad = 2; out_pad = 1; out = 1; act = "sigmoid"; }
		);
		discriminator = (
			{ type = "input"; name = "h"; shape = [ 8, 8, 1 ]; },
			{ type = "conv"; name = "conv"; kernel = 3; stride = 2; pad = 1; out = 4; act = "lrelu"; },
			{ type = "dense"; name = "fc"; out = 16; act = "lrelu"; },
			{ type = "dense"; name = "d"; from = "fc"; out = 1; },
			{ type = "dense"; name = "q"; from = "fc"; out = 4; act = "sigmoid"; }
		);
	},
	{
		cut = "fc4";
		condition = "cross_entropy";
		generator = (
			{ type = "input"; name = "h"; shape = [ 10 ]; },
			{ type = "input"; name = "z"; shape = [ 4 ]; },
			{ type = "concat"; name = "hz"; from = [ "z", "h" ]; },
			{ type = "dense"; name = "fc1"; out = 16; bn = true; act = "relu"; },
			{ type = "dense"; name = "fc2"; out = 16; act = "relu"; }
		);
		discriminator = (
			{ type = "input"; name = "h"; shape = [ 16 ]; },
			{ type = "dense"; name = "fc"; out = 16; act = "lrelu"; },
			{ type = "dense"; name = "d"; from = "fc"; out = 1; },
			{ type = "dense"; name = "q"; from = "fc"; out = 4; act = "sigmoid"; }
		);
	}
);
CFG
tiny="train --preset tiny.cfg --data squares"

# --- words ---------------------------------------------------------------------

for command in '' train sample eval data info selftest; do
	works "$command --help" $command --help
	grep -q 'sgan-cpu' ../out || not_ok "$command --help" 'no help on standard output'
done
for command in train sample eval info selftest; do
	"$cpu" $command --help > ../long
	works "$command -h" $command -h
	cmp -s ../out ../long || not_ok "$command -h" 'it is not --help'
done
works '--version' --version
grep -qx 'sgan-cpu [0-9.]*' ../out || not_ok '--version' 'no version on standard output'
works 'info' info --threads 2
grep -q '^chosen ' ../out && grep -q '^version ' ../out || not_ok 'info' 'machine or build is missing'
grep -q '^threads  *as --threads says; .*; load ' ../out || not_ok 'info' 'it does not say why it has so many threads'
# What it may use and what taskset lets it use are one.
if allowed=$(taskset -cp $$ 2>&1 | sed -n 's/.*: \([0-9]*\).*/\1/p') && [ -n "$allowed" ]; then
	env -u OMP_NUM_THREADS taskset -c "$allowed" "$cpu" info > ../out 2>&1
	if ! grep -q '^chosen .*, 1 threads$' ../out || ! grep -q '^topology .*, 1 allowed$' ../out ||
		! grep -q '^threads  *one for each CPU .* affinity mask: 1 CPUs' ../out; then
		not_ok 'info, taskset' "$(cat ../out)"
	fi
fi

fails 'no command' 2 'no command'
fails 'unknown command' 2 "'paint'" paint
fails 'unknown option in place of a command' 2 "'--paint'" --paint
for command in train sample eval info selftest; do
	fails "$command: unknown option" 2 "'--paint'" $command --paint=blue
	fails "$command: unknown short option" 2 "'-p'" $command -p
	fails "$command: extra argument" 2 "'extra'" $command extra
	options=
	[ $command = sample ] && options='--model none --out x.png'
	[ $command = eval ] && options='--model none --data squares --classifier none'
	fails "$command: unknown isa" 2 '"sse2"' $command --isa sse2 $options
done
fails 'ambiguous option' 2 "'--st'" train --st 3
fails 'option without value' 2 '--epochs' train --epochs
fails 'flag with a value' 2 '--quiet' train --quiet=yes
for option in preset data out runs init encoder resume set isa; do
	fails "--$option without a word" 2 "--$option is ''" train "--$option="
done
for command in sample eval info; do
	fails "$command: --model without a word" 2 "--model is ''" $command --model ''
	fails "$command: --runs without a word" 2 "--runs is ''" $command --runs ''
done
fails 'name with a line break' 1 'no?such' train --data 'no
such'

# --- numbers -------------------------------------------------------------------

for option in epochs steps stop-after seed threads; do
	for value in -1 '' ' 1' 1x 0x10 1.5 1e3 99999999999999999999 18446744073709551616; do
		fails "--$option '$value'" 2 "--$option is '$value'" train "--$option=$value"
	done
done
fails '--epochs 0' 2 "--epochs is '0'" train --epochs 0
fails '--threads 0' 2 "--threads is '0'" train --threads 0
fails '--threads 1025' 2 "--threads is '1025'" train --threads 1025
fails '--count 0' 2 "--count is '0'" sample --model none --out x.png --count 0
fails '--count -1' 2 "--count is '-1'" sample --model none --out x.png --count -1
fails '--count, too large' 2 '--count' sample --model none --out x.png --count 99999999999
for command in train "sample --model none --out x.png"; do
	fails "${command%% *}: --seed, too large" 2 '--seed' $command --seed 9223372036854775808
done
for list in '' , 1, 3-1 1-2-3 -1 1- 9223372036854775808 0-9223372036854775807 0-10000 a; do
	fails "sample: --seed '$list'" 2 "--seed is '$list'" sample --model none --out x.png "--seed=$list"
done
for option in count steps columns; do
	for value in '' 0 -1 1x 99999999999; do
		fails "--$option '$value'" 2 "--$option is '$value'" sample --model none --out x.png "--$option=$value"
	done
done
for list in '' , 1, 3-1 a 0-10000 99999999999 -1 1-; do
	fails "--labels '$list'" 2 "--labels is '$list'" sample --model none --out x.png "--labels=$list"
done

# --- presets and settings ------------------------------------------------------

fails 'unknown preset' 2 "'paintings'" train --preset paintings
fails 'preset file is missing' 1 'none.cfg' train --preset none.cfg
fails 'unknown stage' 2 "'later'" train --stage later
fails '--set: unknown key' 2 "unknown key 'lrr'" train --set joint.lrr=1
fails '--set: unknown group' 2 "unknown key 'paint'" train --set paint.lr=1
fails '--set: no value' 2 '--set lr' train --set lr
fails '--set: not a number' 2 "'lr' is \"fast\"" train --set lr=fast
fails '--set: negative' 2 "'epochs' is -3" train --set epochs=-3
fails '--set: huge' 2 "'epochs' is 99999999999" train --set epochs=99999999999
fails '--set: huger' 2 '99999999999999999999' train --set epochs=99999999999999999999
fails '--set: infinite' 2 "'lr' is inf" train --set lr=1e999
fails '--set: breaks the networks' 2 "layer 'q'" train --set 'stacks.[0].generator.[1].shape.[0]=51'
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "a%d=1;", i }' > many.cfg
fails 'preset: a hundred thousand names' 2 'more than 1000 members' train --preset many.cfg --data squares
awk 'BEGIN { printf "a = "; for (i = 0; i < 100000; i++) printf "(" }' > deep.cfg
fails 'preset: a hundred thousand lists' 2 'more than 31 deep' train --preset deep.cfg --data squares
rm many.cfg deep.cfg
{ printf '\357\273\277'; sed 's/$/\r/' tiny.cfg | head -c -2; } > windows.cfg
works 'preset: a mark, carriage returns, no last newline' train --preset windows.cfg --data squares --dry-run
rm windows.cfg
mkfifo pipe.cfg
fails 'preset: a pipe' 1 'a device or pipe' train --preset pipe.cfg --data squares
rm pipe.cfg
sed 's/kernel = 2/kernal = 2/' tiny.cfg > typo.cfg
fails 'preset: unknown key' 2 "typo.cfg:13: encoder: layer 'pool1': unknown key 'kernal'" train --preset typo.cfg
head -n 20 tiny.cfg > cut.cfg
fails 'preset: syntax' 2 'cut.cfg:21: syntax error' train --preset cut.cfg
fails 'preset: a folder' 1 './' train --preset ./
rm typo.cfg cut.cfg

# --- data ----------------------------------------------------------------------

damaged() { # name code text, file, command that writes its new content
	rm -rf bad
	cp -r squares bad
	eval "$5" > "bad/$4"
	fails "data: $1" "$2" "$3" train --preset tiny.cfg --data bad
}
images=train-images-idx3-ubyte
classes=train-labels-idx1-ubyte
fails 'data: no such folder' 1 'nowhere' train --preset tiny.cfg --data nowhere
mkdir empty
fails 'data: empty folder' 1 'empty: no dataset is there; looked for: ' train --preset tiny.cfg --data empty
damaged 'empty file' 1 "$images" $images :
damaged 'truncated images' 1 "$images" $images "head -c 6000 squares/$images"
damaged 'over-long images' 1 "$images" $images "cat squares/$images; echo more"
damaged 'wrong magic' 1 "$images" $images 'words 2052 100 8 8; pictures 100'
damaged 'absurd dimensions' 1 "$images" $images 'words 2051 2147483647 65535 65535; pictures 1'
damaged 'label out of range' 1 "$classes" $classes 'words 2049 100; labels 99; printf "\012"'
damaged 'fewer labels than images' 1 "$classes" $classes 'words 2049 90; labels 90'
damaged 'test images of another size' 1 'bad/t10k-images' t10k-images-idx3-ubyte 'words 2051 20 4 16; pictures 20'
rm -f bad/$images
gzip -c squares/$images | head -c 100 > bad/$images.gz
fails 'data: corrupt gzip' 1 "$images.gz" train --preset tiny.cfg --data bad
fails 'data: not for this preset' 2 '8x8x1' train --data squares
fails 'data: fewer images than a batch' 2 'a batch of 101 does not fit the 100 images' train --preset tiny.cfg --data squares --set batch=101
rm -rf bad empty

# Real and damaged files of each format are in the programs test_data, test_cifar10, test_svhn and test_image_folder.
works 'data' data squares
for line in 'format     idx' 'images     100 training, 20 test' 'size       8x8x1' 'mean       0.2882' 'classes    10' \
	'      9       9        10         2  9'; do
	grep -qxF "$line" ../out || not_ok 'data' "'$line' is missing"
done
grep -qxF 'picture    squares.png' ../out && [ "$(size_of squares.png)" = 98x98 ] || not_ok 'data' 'no picture of its name'
mv squares.png first.png
works 'data, a picture' data --out squares.png squares
cmp -s squares.png first.png || not_ok 'data, a picture' 'not the same picture'
echo mine > squares.png
works 'data, a picture that is there' data squares
[ "$(cat squares.png)" = mine ] && grep -qF 'squares.png was there already' ../out ||
	not_ok 'data, a picture that is there' 'it was written over, or nothing is said'
works 'data, a picture in its place' data squares --out squares.png
cmp -s squares.png first.png || not_ok 'data, a picture in its place' 'it was not written'
rm squares.png first.png
works 'data, no picture' data squares --no-picture
[ -e squares.png ] || grep -q '^picture' ../out && not_ok 'data, no picture' 'there is one'
fails 'data, no picture of a name' 2 '--no-picture: --out names a picture' data squares --no-picture --out x.png
cp -r squares letters
for half in train test; do
	{ words 2051 52 8 8; pictures 52; } > letters/emnist-letters-$half-images-idx3-ubyte
	{ words 2049 52; i=0; while [ $i -lt 52 ]; do printf "\\$(printf %03o $((i % 26 + 1)))"; i=$((i + 1)); done
	} > letters/emnist-letters-$half-labels-idx1-ubyte
done
works 'data, one of several sets' data letters:emnist-letters --no-picture
grep -qxF '     25      26         2         2  Z' ../out || not_ok 'data, one of several sets' 'Z is missing'
fails 'data, several sets' 2 'several sets are there (mnist, emnist-letters): choose one' data letters
fails 'data, no such set' 2 "no set 'digits' there: mnist, emnist-letters" data letters:digits
fails 'data, of another number of classes' 2 '8x8x1 in 26 classes, preset tiny takes 8x8x1 in 10' \
	train --preset tiny.cfg --data letters:emnist-letters
rm -rf letters

# Without labels: images alone, as IDX and as pictures in one folder.
mkdir plain fashion-mnist
cp squares/*-images-* plain
cp squares/* fashion-mnist
works 'data, no labels' data plain --out plain.png
grep -qxF 'classes    none: no labels, train-labels-idx1-ubyte is missing' ../out || not_ok 'data, no labels' 'it does not say so'
fails 'data, labels that a preset reads' 2 \
	'dataset plain: no labels (train-labels-idx1-ubyte is missing), which preset tiny reads' train --preset tiny.cfg --data plain
fails 'data, labels that a preset counts' 2 'which preset mnist reads' train --data plain
mkdir flat
i=0
while [ $i -lt 10 ]; do
	cp plain.png flat/$i.png
	i=$((i + 1))
done
works 'data, no classes' data flat
grep -qxF 'classes    none: no labels, a folder for each class is missing' ../out || not_ok 'data, no classes' 'it does not say so'
grep -qxF 'images     9 training, 1 test' ../out || not_ok 'data, no classes' 'not all are there'
{ words 2049 100; labels 99; printf '\310'; } > fashion-mnist/train-labels-idx1-ubyte
fails 'data, no new class' 1 'train-labels-idx1-ubyte: image 99 has label 200, 0 to 9 expected' data ./fashion-mnist
{ words 2049 100; labels 50 | tr '\003' '\004'; labels 50 | tr '\003' '\004'; } > fashion-mnist/train-labels-idx1-ubyte
works 'data, a class without images' data ./fashion-mnist
grep -qxF '      3       3      none         2  Dress' ../out || not_ok 'data, a class without images' 'it does not say so'
rm -r plain flat fashion-mnist plain.png flat.png fashion-mnist.png
fails 'data, not there' 1 'nowhere' data nowhere
fails 'data, a file' 1 'not a folder, nor an archive' data tiny.cfg
fails 'data, two of them' 2 "unexpected argument 'more'" data squares more
fails 'data, unknown option' 2 "'--paint'" data squares --paint
fails 'data, unknown kind of picture' 2 "--out is 'x.jpg', expected a name that ends in .png" data squares --out x.jpg
fails 'data, --out without a word' 2 "--out is ''" data squares --out ''
run data squares --out nowhere/x.png
one_line 'data, folder of the picture is missing' 1 'nowhere/x.png' && { grep -qxF 'classes    10' ../out &&
	ok 'data, folder of the picture is missing' || not_ok 'data, folder of the picture is missing' 'the words are missing'; }
echo something > x.tar.gz
fails 'data, no archive' 1 'x.tar.gz: no tar archive' train --preset tiny.cfg --data x.tar.gz
rm x.tar.gz
mkdir -p python/cifar-10-batches-py
fails 'data, for Python' 1 'get the binary version, cifar-10-binary.tar.gz' train --preset tiny.cfg --data python
rm -r python

# --- folders -------------------------------------------------------------------

: > file
fails 'output folder below a file' 1 'file' $tiny --out file/runs
fails 'output folder is a file' 1 'file' $tiny --out file
if [ "$(id -u)" -eq 0 ]; then
	skip 'output folder cannot be written' 'root may write everywhere'
else
	mkdir locked
	chmod 555 locked
	fails 'output folder cannot be written' 1 'locked' $tiny --out locked/runs
	chmod 755 locked
	rmdir locked
fi

# A file system that is full, played by the largest file a process may write.
full() { # blocks of 512 bytes, arguments
	(
		trap '' XFSZ
		ulimit -f "$1"
		shift
		exec "$cpu" "$@" > /dev/null
	) 2> ../err
	code=$?
}
full 16 $tiny --quiet --epochs 1 --out full
if one_line 'no space for a checkpoint' 1 '.safetensors: cannot write'; then
	left=$(ls full/00000-tiny-squares | grep -vxE 'config.cfg|run.json|stats.jsonl|[a-z0-9-]*.png|[a-z]*.safetensors')
	broken=$(for file in full/*/*.safetensors; do "$cpu" info --model "$file" > ../out 2>&1 || echo "$file"; done)
	[ -z "$left$broken" ] && ok 'no space for a checkpoint' || not_ok 'no space for a checkpoint' "left: $left $broken"
fi
rm -rf full

# --- what is planned -----------------------------------------------------------

find . | sort > ../before
works '--dry-run' $tiny --dry-run --steps 7
find . | sort > ../after
cmp -s ../before ../after || not_ok '--dry-run' 'it wrote files'
grep -q '^run  *runs/00000-tiny-squares$' ../out || not_ok '--dry-run' 'the run is missing'
[ "$(grep -c '^stage .* 7 steps of 10 images' ../out)" -eq 3 ] || not_ok '--dry-run' 'stages with their limits are missing'
grep -q 'deconv  *deconv  *8x8x1  *101$' ../out || not_ok '--dry-run' 'a layer with its parameters is missing'

# A run counts by its name, whatever it is; so do the plan and what comes true.
mkdir counted
: > counted/00007-file
works '--dry-run names the run' $tiny --dry-run --steps 2 --out counted
run=$(sed -n 's/^run  *//p' ../out)
run $tiny --quiet --steps 2 --stage encoder --out counted
[ "$run" = counted/00008-tiny-squares ] && [ "$(cat ../out)" = "$run" ] ||
	not_ok '--dry-run names the run' "'$run' was planned, '$(cat ../out)' came"
rm -r counted
escape=$(printf '\033')
works '--dry-run with a hostile name' $tiny --dry-run --out "a${escape}[2Jb
c"
grep -qxF 'run      a?[2Jb?c/00000-tiny-squares' ../out || not_ok '--dry-run with a hostile name' 'it is printed as it is'

# --- training ------------------------------------------------------------------

fails 'stage without what it needs' 2 '--init' $tiny --stage joint
fails 'init that nothing needs' 2 '--init' $tiny --init latest
fails 'resume without a folder of runs' 1 'runs' train --resume latest
fails 'init from a run that is not there' 1 '.: holds no run yet' $tiny --stage joint --init ./latest

works 'train' $tiny --steps 6 --threads 2
[ "$(cat ../out)" = runs/00000-tiny-squares ] || not_ok 'train' 'the run is not on standard output'
[ "$(grep -c '^encoder epoch 1/1 step [56]/6, .* img/s, .* left' ../err)" -eq 2 ] || not_ok 'train' 'progress is missing'
for file in config.cfg run.json stats.jsonl checkpoint.safetensors encoder.safetensors independent.safetensors \
	joint.safetensors reals.png samples-joint-1.png; do
	[ -s runs/00000-tiny-squares/$file ] || not_ok 'train' "$file is missing"
done
works 'the effective preset is a preset' train --preset runs/00000-tiny-squares/config.cfg --data squares --dry-run
grep -q '6 steps of 10 images' ../out || not_ok 'the effective preset is a preset' 'the limit is lost'
works '--quiet' $tiny --quiet --steps 3 --stage encoder
[ -s ../err ] && not_ok '--quiet' 'something on standard error'
[ "$(cat ../out)" = runs/00001-tiny-squares ] || not_ok '--quiet' 'the run does not have the next number'

# Colour images, from CIFAR-10's files: labels 6 to 9, then 7 to 10.
mkdir colours
records() { # first label
	LC_ALL=C awk -v first="$1" 'BEGIN {
		for (i = 0; i < 4 * 3073; i++)
			printf "%c", i % 3073 ? 1 + i % 126 : first + int(i / 3073)
	}'
}
for batch in data_batch_1 data_batch_2 data_batch_3 data_batch_4 data_batch_5 test_batch; do
	records 6 > colours/$batch.bin
done
# The CIFAR-10 networks with few channels.
cat > colour.cfg <<'CFG'
base = "cifar10";
name = "colour";
set = [
	"encoder.layers.conv1.out=4", "encoder.layers.conv2.out=4", "encoder.layers.fc3.out=16",
	"stacks.[0].generator.h.shape.[0]=16", "stacks.[0].generator.fc.out=200", "stacks.[0].generator.fc.shape.[2]=8",
	"stacks.[0].generator.deconv1.out=8", "stacks.[0].generator.deconv2.out=8", "stacks.[0].generator.deconv3.out=8",
	"stacks.[0].discriminator.conv1.out=8", "stacks.[0].discriminator.conv2.out=8",
	"stacks.[0].discriminator.conv3.out=8", "stacks.[0].discriminator.conv4.out=8",
	"stacks.[0].discriminator.conv5.out=8", "stacks.[0].discriminator.conv6.out=8",
	"stacks.[1].generator.fc3.out=16", "stacks.[1].discriminator.h.shape.[0]=16"
];
CFG
colours="train --preset colour.cfg --data colours --out coloured --steps 1 --set batch=4 --set slices=2"
works 'colour images' $colours
fails 'colour images: no sets' 2 "there is one set, none that is called 'x'" data colours:x
cp -r colours cifar-10-batches-bin
tar -cf - cifar-10-batches-bin | gzip > cifar-10-binary.tar.gz
works 'colour images, from an archive' data cifar-10-binary.tar.gz --no-picture
grep -qxF 'images     20 training, 4 test' ../out || not_ok 'colour images, from an archive' 'not all are there'
rm -r cifar-10-batches-bin cifar-10-binary.tar.gz
works 'colour images, sampled' sample --model coloured/00000-colour-colours --out colours.png --count 10
records 7 > colours/data_batch_2.bin
fails 'colour images: a label too many' 1 'data_batch_2.bin: image 3 has label 10, 0 to 9 expected' $colours --set classes=10
rm -rf colours coloured colours.png colour.cfg

# The preset of ten digits, with few channels, on sets of one class, of three, and of as many as there are letters.
cp "${abs_top_srcdir:?}/tests/tiny.cfg" digits.cfg
printf 'base = "mnist-nolabels";\non = "digits.cfg";\nname = "turns";\n' > turns.cfg
letters() { # folder classes
	mkdir "$1"
	for half in train t10k; do
		{ words 2051 40 28 28; awk 'BEGIN { for (i = 0; i < 40 * 784; i++) printf "%c", 33 + i % 89 }'; } > "$1/$half-images-idx3-ubyte"
		{ words 2049 40; awk -v n="$2" 'BEGIN { for (i = 0; i < 40; i++) printf "%d\n", i % n }' |
			while read -r label; do printf "\\$(printf %03o "$label")"; done; } > "$1/$half-labels-idx1-ubyte"
	done
}

# The picture of a model's samples.
pictured() { # size, options
	works "samples of $run_of: $*" sample --model "$run_of" --out classes.png ${2:-}
	[ "$(size_of classes.png)" = "$1" ] || not_ok "samples of $run_of: $*" "the picture has $(size_of classes.png)"
}
for count in 1 3 26; do
	letters classes-$count $count
	works "a dataset of $count classes" train --preset digits.cfg --data classes-$count --steps 2 --set batch=10 --quiet --out of-classes
	run_of=$(cat ../out)
	grep -qx "classes = $count;" "$run_of/config.cfg" || not_ok "a dataset of $count classes" 'the configuration has another number'
	works "samples of $count classes" sample --model "$run_of" --out classes.png --count 52 --labels 0,$((count - 1))
	pictured "298x$((30 * count - 2))"
	pictured "148x$((30 * count - 2))" '--columns 5'
	pictured "298x$((30 * count - 2))" '--fix h1'
	pictured "$((30 * count - 2))x298" '--fix z0,z1'
	pictured "298x$((30 * count - 2))" '--interpolate z1 --seed 3,8'
	pictured "$((30 * count - 2))x58" '--seed 3,8'
	fails "samples of $count classes, one too many" 2 "the model has classes 0 to $((count - 1))" sample --model "$run_of" \
		--out none.png --labels "$count"
done
works 'an encoder of two stacks' train --preset mnist --data classes-3 --stage encoder --steps 1 --set batch=10 --quiet --out of-classes
works 'is one of three' train --preset mnist-3stacks --data classes-3 --stage independent --steps 1 --set batch=10 \
	--init "$(cat ../out)" --quiet --out of-classes
works 'a model without labels' train --preset turns.cfg --data classes-3 --steps 2 --set batch=10 --quiet --out of-classes
run_of=$(cat ../out)
pictured 298x298
pictured 298x298 '--fix z1'
fails 'samples without labels, by label' 2 "--labels is '2': the model takes no label" sample --model "$run_of" \
	--out none.png --labels 2
fails 'more classes than were said' 1 'label' train --preset digits.cfg --data classes-26 --set classes=10
works 'more classes than the dataset has' train --preset digits.cfg --data classes-3 --set classes=26 --steps 1 --set batch=10 --quiet --out of-classes
grep -qx 'classes = 26;' "$(cat ../out)/config.cfg" || not_ok 'more classes than the dataset has' 'the number is another'
works 'more classes than a picture has rows' train --preset digits.cfg --data classes-3 --set classes=130 --steps 1 --set batch=10 --quiet --out of-classes
run_of=$(cat ../out)
pictured 28x2998 '--columns 1'
pictured 2998x58 '--seed 3,8'
pictured 28x3598 '--columns 1 --labels 0-119'
pictured 28x3898 '--count 130'
rm classes-3/*-labels-*
works 'a dataset without labels' train --preset turns.cfg --data classes-3 --steps 2 --set batch=10 --quiet --out of-classes
run_of=$(cat ../out)
works 'samples of a dataset without labels' sample --model "$run_of" --out classes.png --count 4 --nearest --data classes-3
works 'a dataset without labels, resumed' train --resume "$run_of" --dry-run
grep -q '28x28x1 without labels$' ../out || not_ok 'a dataset without labels, resumed' 'the plan does not say so'
fails 'a dataset without labels, of another size' 2 'dataset squares: 8x8x1, preset turns takes 28x28x1' \
	train --preset turns.cfg --data squares
rm -rf classes-1 classes-3 classes-26 of-classes classes.png digits.cfg turns.cfg

works 'stage from another run' $tiny --quiet --steps 3 --stage joint --init 0
[ "$(cat ../out)" = runs/00002-tiny-squares ] || not_ok 'stage from another run' 'the run does not have the next number'
fails 'init that lacks a stage' 2 'stage independent' $tiny --stage joint --init 1
fails 'init of another preset' 1 'tensor' $tiny --stage joint --init 0 \
	--set 'stacks.[1].discriminator.[1].out=17' --quiet

for time in 0 '' 5d 1h30 m 9999999999m 1.5h; do
	fails "--save-every '$time'" 2 '--save-every' $tiny --save-every "$time"
done
works '--save-every' $tiny --dry-run --save-every 10m
for option in '--preset mnist' '--stage joint' '--init 0' '--seed 3' '--set lr=1'; do
	fails "--resume with $option" 2 "${option% *}" train --resume latest $option
done
fails '--resume of no such run' 1 '77' train --resume 77
mkdir runs/00003-tiny-squares
fails '--resume of a run without checkpoint' 1 'no checkpoint' train --resume 3
fails '--resume of no such run, and which there are' 1 'there are 00003-tiny-squares, 00002-' train --resume 88
rmdir runs/00003-tiny-squares

works '--stop-after' $tiny --quiet --stop-after 7
works '--dry-run --resume' train --dry-run --resume latest
grep -qx 'stands  *at step 7 of stage encoder' ../out && [ "$(grep -c '^stage ' ../out)" -eq 3 ] ||
	not_ok '--dry-run --resume' 'where the run stands is missing'
works '--resume' train --quiet --resume latest
[ "$(cat ../out)" = runs/00003-tiny-squares ] || not_ok '--resume' 'it did not go on in the same folder'
[ -s runs/00003-tiny-squares/joint.safetensors ] || not_ok '--resume' 'it did not go on to the end'
works '--dry-run --resume of a finished run' train --dry-run --resume 3
grep -q '^stands  *finished' ../out && ! grep -q '^stage ' ../out ||
	not_ok '--dry-run --resume of a finished run' 'there are still stages'
run train --resume 3
one_line '--resume of a finished run' 0 'runs/00003-tiny-squares: the run is finished already' &&
	ok '--resume of a finished run'
works '--resume of a finished run, quiet' train --resume 3 --quiet
[ -s ../err ] && not_ok '--resume of a finished run, quiet' 'something on standard error'
mv runs/00003-tiny-squares/run.json .
fails '--resume without run.json' 1 'run.json: cannot open: No such file or directory; give --data' train --resume 3
mv run.json runs/00003-tiny-squares
mv squares elsewhere
fails '--resume without the data' 1 'squares' train --quiet --resume 3
works '--resume with the data elsewhere' train --quiet --resume 3 --data elsewhere
mv elsewhere squares

# Thirty layers at an absurd rate: values grow beyond what floats hold within some steps.
awk '{ print } /name = "pool1"/ { for (i = 0; i < 30; i++)
	printf "\t\t{ type = \"dense\"; name = \"deep%d\"; out = 32; act = \"relu\"; },\n", i }' tiny.cfg > deep.cfg
run train --preset deep.cfg --data squares --quiet --set encoder.lr=10
one_line 'training that diverges' 3 'step' && { grep -q 'encoder' ../err && ok 'training that diverges' ||
	not_ok 'training that diverges' 'the stage is not named'; }
works 'the last good checkpoint is kept' info --model 4
grep -qx 'stage  *encoder, step 0' ../out || not_ok 'the last good checkpoint is kept' 'it is not from before the step'

# At a lower rate losses stay finite for a while, but not what the update leaves: the log's next line finds it.
run train --preset deep.cfg --data squares --quiet --set encoder.lr=1 --set log_interval=2 --out odd
one_line 'weights that diverge' 3 'is not finite at step 2 of stage encoder' && { grep -q 'encoder\.' ../err &&
	ok 'weights that diverge' || not_ok 'weights that diverge' 'the tensor is not named'; }
run train --quiet --resume latest --out odd
one_line 'weights that diverge, resumed' 3 'is not finite at step 2 of stage encoder' && ok 'weights that diverge, resumed'
rm -rf odd

# What a run takes is told before it takes any time, and what cannot be had is refused then.
works 'memory of a run' $tiny --dry-run
grep -q '^memory  *0.0[0-9] GB, and 0.00 of data' ../out || not_ok 'memory of a run' 'it is not told'
if [ -z "${SANITIZER_CFLAGS-}" ]; then # which end where memory cannot be had
	sed 's/{ type = "dense"; name = "fc3"; out = 16;/{ type = "dense"; name = "wide"; out = 65000; act = "relu"; },\n{ type = "dense"; name = "wider"; out = 65000; act = "relu"; },\n&/' \
		tiny.cfg > wide.cfg
	fails 'memory that is not there' 1 'memory' train --preset wide.cfg --data squares --out big
	rm wide.cfg
fi

# A run is no dead end: more epochs end in the files of a run that had them from the beginning.
works 'three joint epochs at once' $tiny --quiet --out at-once --set joint.epochs=3
works 'a run to be gone on with' $tiny --quiet --out more
works '--resume with --epochs, a finished run' train --quiet --resume latest --out more --epochs 3
works 'a run that is stopped' $tiny --quiet --out stopped --stop-after 45
cp -r squares changed
printf '\1\2\3\4\5\6\7\10' | dd of=changed/t10k-images-idx3-ubyte bs=1 seek=16 conv=notrunc 2> /dev/null
fails '--resume with other test images' 2 'other test images' train --quiet --resume stopped/latest --data changed
rm -r changed
works '--resume with --epochs, a run under way' train --quiet --resume stopped/latest --epochs 3
for file in checkpoint.safetensors joint.safetensors config.cfg samples-joint-3.png; do
	for run in more stopped; do
		cmp at-once/00000-tiny-squares/$file $run/00000-tiny-squares/$file > ../err 2>&1 || not_ok "$run: $file" 'it is another'
	done
done
fails '--resume with --epochs that --steps cuts short' 2 'give --steps, too' train --resume 0 --epochs 3000
run train --resume latest --out more --epochs 3
one_line '--resume with what is done' 0 'is finished already' && ok '--resume with what is done'
fails '--resume with less than is done' 2 'stage joint has done 30 steps' train --resume latest --out more --epochs 2
works 'a falling learning rate' $tiny --quiet --out falls --set lr_end=1e-5 --stop-after 45
fails '--resume with --epochs, a falling learning rate' 2 'its learning rate falls' train --resume falls/latest --epochs 3
run $tiny --stage encoder --steps 1000 --out short
grep -q 'note: stage encoder ends with its 2 epochs, after 20 steps, before the 1000 of --steps' ../err ||
	not_ok '--steps beyond the epochs' 'it is not said'
run $tiny --stage joint --init more/latest --steps 1 --out short
grep -q 'note: --init is more/00000-tiny-squares/checkpoint.safetensors, of a run that is done' ../err ||
	not_ok '--init of a run' 'which file it is is not said'
rm -rf at-once more stopped falls short

# A picture that cannot be written costs no training; one that is missing where a run goes on is drawn.
works 'training up to an epoch' $tiny --quiet --out pictures --stage no_joint --stop-after 30
rm pictures/00000-tiny-squares/samples-independent-1.png
works 'a picture that is missing' train --quiet --resume latest --out pictures --stop-after 1
[ -s pictures/00000-tiny-squares/samples-independent-1.png ] || not_ok 'a picture that is missing' 'it was not drawn'
mkdir pictures/00000-tiny-squares/samples-independent-2.png
works 'a picture that cannot be written' train --quiet --resume pictures/latest
grep -q 'warning: independent, epoch 2: no picture of the samples: .*is a folder' ../err ||
	not_ok 'a picture that cannot be written' 'no warning'
[ -s pictures/00000-tiny-squares/independent.safetensors ] || not_ok 'a picture that cannot be written' 'training ended'
rm -rf pictures

# --- samples and models --------------------------------------------------------

mkdir runs/00005-tiny-squares
fails 'sample of a run without checkpoint' 1 'no checkpoint' sample --model 5 --out grid.png
works 'info of the latest that has one' info --model latest
grep -q '00004-tiny' ../out || not_ok 'info of the latest that has one' 'another one'
works 'info of DIR/latest' info --model "$PWD/runs/latest"
rmdir runs/00005-tiny-squares
model=runs/00000-tiny-squares/checkpoint.safetensors
works 'sample, png of a run' sample --model 0 --out grid.png
[ "$(head -c 4 grid.png | tail -c 3)" = PNG ] || not_ok 'sample, png of a run' 'not a PNG'
works 'sample, npz of a file' sample --model $model --out arrays.npz --count 30 --labels 0-1,7 --seed 5
[ "$(head -c 2 arrays.npz)" = PK ] || not_ok 'sample, npz of a file' 'not an .npz'
cp arrays.npz first.npz
works 'sample, again' sample --model $model --out arrays.npz --count 30 --labels 0-1,7 --seed 5 --threads 1
cmp -s arrays.npz first.npz || not_ok 'sample, again' 'other images from the same seed'
works 'sample, another seed' sample --model $model --out arrays.npz --count 30 --labels 0-1,7 --seed 6
cmp -s arrays.npz first.npz && not_ok 'sample, another seed' 'the same images from another seed'
works 'sample, --runs' sample --model 0 --runs ./runs --out again.npz --count 30 --labels 0-1,7 --seed 6
cmp -s arrays.npz again.npz || not_ok 'sample, --runs' 'other images'

# Arrays begin with what shorter ones have, whatever the count, and the classes take turns in them.
if command -v unzip > /dev/null; then
	array() { # file, array, bytes
		unzip -p "$1" "$2.npy" | tail -c +129 | head -c "$3"
	}
	for count in 7 30 47 6010; do
		works "sample, $count of the same" sample --model $model --out arrays.npz --count $count --seed 5
		array arrays.npz arr_0 448 > ../images
		array arrays.npz arr_1 56 | od -An -v -w8 -td8 | tr -d ' \n' > ../labels
		[ "$count" -eq 7 ] && mv ../images ../first
		[ "$count" -eq 7 ] || cmp -s ../images ../first || not_ok "sample, $count of the same" 'other images'
		[ "$(cat ../labels)" = 0123456 ] || not_ok "sample, $count of the same" "labels begin with $(cat ../labels)"
	done
else
	skip 'sample, more of the same' 'no program "unzip"'
fi
works 'info, --runs' info --model 0 --runs ./runs
mkdir none
fails 'sample: no run below --runs' 1 'none: holds no run yet' sample --model latest --runs none --out x.png
fails 'info: no run below --runs' 1 'none: holds no run yet' info --model latest --runs none
fails 'train: no run below --runs' 1 'none: holds no run yet' train --resume latest --runs none
rmdir none

for case in '98x98 --count 100' '98x58 --labels 0-5' '98x98 --fix h1' '98x8 --fix h1 --count 10' '98x98 --fix y,z1 --seed 4' '48x98 --fix z1,z0 --count 50 --columns 5' \
	'98x98 --interpolate z1 --seed 3,8' '28x38 --interpolate z0 --seed 3,8 --steps 3 --count 12' \
	'98x28 --seed 0-1,5' '38x28 --seed 0-2 --count 4 --labels 3' '48x48 --columns 5 --count 25'; do
	works "sample: $case" sample --model 0 --out grid.png ${case#* }
	[ "$(size_of grid.png)" = "${case%% *}" ] || not_ok "sample: $case" "the picture has $(size_of grid.png)"
done
works 'sample, nearest' sample --model 0 --out grid.png --count 20 --nearest --data squares
[ "$(size_of grid.png)" = 58x98 ] || not_ok 'sample, nearest' "the picture has $(size_of grid.png)"
[ "$(grep -cE '^ +[0-9]+ +[0-9] +[0-9]+ +[0-9] +[0-9]+\.[0-9]{4} +[0-9]+ +[0-9] +[0-9]+\.[0-9]{4}$' ../out)" -eq 20 ] &&
	grep -q 'nearest by fc3$' ../out || not_ok 'sample, nearest' 'the table of distances is not there'
[ "$(awk 'NR > 2 { printf "%s:%s ", $1, $2 }' ../out | cut -c 1-22)" = '0:0 10:0 1:1 11:1 2:2 ' ] ||
	not_ok 'sample, nearest' 'images are not sorted by class'
works 'sample, nearest, npz' sample --model 0 --out arrays.npz --count 20 --nearest --data squares
for name in arr_0 arr_1 nearest_pixels nearest_pixels_distance nearest_features nearest_features_distance; do
	grep -qaF "$name.npy" arrays.npz || not_ok 'sample, nearest, npz' "$name is missing"
done
[ -s ../out ] && not_ok 'sample, nearest, npz' 'something on standard output'
fails 'sample: --nearest without data' 2 '--nearest needs --data' sample --model 0 --out x.png --nearest
fails 'sample: --data without --nearest' 2 '--data belongs to --nearest' sample --model 0 --out x.png --data squares
fails 'sample: nearest of no data' 1 'nowhere' sample --model 0 --out x.png --nearest --data nowhere
mkdir wide
{ words 2051 100 4 16; pictures 100; } > wide/$images
cp squares/$classes squares/t10k-labels-idx1-ubyte wide
{ words 2051 20 4 16; pictures 20; } > wide/t10k-images-idx3-ubyte
fails 'sample: nearest of other images' 2 'images of 4x16x1, the model' sample --model 0 --out x.npz --nearest --data wide
rm -rf wide
for level in z2 h0 h3 x y, ,y z; do
	fails "sample: --fix $level" 2 'which has z0 to z1, h1 to h2, y' sample --model 0 --out x.png "--fix=$level"
done
for level in z2 h1 y z0,z1; do
	fails "sample: --interpolate $level" 2 "--interpolate: '$level'" \
		sample --model 0 --out x.png --seed 1-2 "--interpolate=$level"
done
fails 'sample: --interpolate from one seed' 2 "--seed is ''" sample --model 0 --out x.png --interpolate z0
fails 'sample: --interpolate between three' 2 "--seed is '1-3'" sample --model 0 --out x.png --interpolate z0 --seed 1-3
fails 'sample: --interpolate and --fix' 2 '--fix' sample --model 0 --out x.png --interpolate z0 --seed 1,2 --fix y
fails 'sample: --interpolate and --columns' 2 '--columns' sample --model 0 --out x.png --interpolate z0 --seed 1,2 --columns 3
fails 'sample: half a line' 2 '--count is 12' sample --model 0 --out x.png --interpolate z0 --seed 1,2 --count 12
fails 'sample: --steps alone' 2 '--steps' sample --model 0 --out x.png --steps 3
fails 'sample: too many in all' 2 'are more than 10000000' sample --model 0 --out x.npz --seed 0-9999 --count 1001
fails 'sample: too large a picture' 2 'too large for a picture' sample --model 0 --out x.png --count 10000000 --columns 500
fails 'sample: --preset with a model' 2 '--preset is' sample --model 0 --out x.png --preset mnist
fails 'info: an .npz' 1 'arrays.npz: not a safetensors file but an .npz: train --encoder takes such weights' \
	info --model arrays.npz
fails 'eval: an .npz' 1 'arrays.npz: not a safetensors file but an .npz' \
	eval --model 0 --data squares --classifier arrays.npz
printf 'PK, not quite' > bad.npz
fails 'sample: published generator without a preset' 2 '--preset is missing' sample --model bad.npz --out x.png
fails 'sample: published generator, damaged' 1 'bad.npz: ' sample --model bad.npz --preset tiny.cfg --out x.png
fails 'sample: published generator, nearest' 2 'no encoder' \
	sample --model bad.npz --preset tiny.cfg --out x.png --nearest --data squares
fails 'sample: published generator, a preset without any' 2 'no stacks, only an encoder' \
	sample --model bad.npz --preset classifier-mnist --out x.png
fails 'sample: published generator of images' 1 'whole numbers' sample --model arrays.npz --preset tiny.cfg --out x.png
fails 'train: published encoder, damaged' 1 'bad.npz: ' $tiny --encoder bad.npz
fails 'train: published encoder, damaged, --dry-run' 1 'bad.npz: ' $tiny --encoder bad.npz --dry-run
fails 'train: published encoder is missing' 1 'none.npz: cannot open' $tiny --encoder none.npz
fails 'train: two encoders' 2 '--init already' $tiny --encoder bad.npz --init 0 --stage independent
fails 'train: an encoder for the joint stage' 2 "stage 'joint'" $tiny --encoder bad.npz --stage joint
rm -f bad.npz again.npz
encoder=${SGAN_TEST_DATA:-}/encoders/mnist-encoder.npz
if [ -n "${SGAN_TEST_DATA:-}" ] && [ -r "$encoder" ] && [ -d "$SGAN_TEST_DATA/mnist" ]; then
	works 'train: the published encoder' train --stage encoder --encoder "$encoder" --data "$SGAN_TEST_DATA/mnist" --runs given
	grep -qx 'encoder given, test accuracy 97.60 %' ../err || not_ok 'train: the published encoder' 'its accuracy is not shown'
	fails 'train: an encoder of other networks' 1 'mnist-encoder.npz: arr_' $tiny --encoder "$encoder"
	rm -rf given
else
	skip 'train: the published encoder' 'SGAN_TEST_DATA names no folder with mnist and encoders in it'
fi
rm -f grid.png arrays.npz first.npz
works 'info of a model' info --model 0
grep -q '^trained  *encoder independent joint$' ../out || not_ok 'info of a model' 'its stages are missing'

works 'images less their mean' $tiny --quiet --steps 3 --set subtract_mean=true --out less
works 'info of images less their mean' info --model less/00000-tiny-squares
grep -qx 'input  *bytes / 255, less the mean image' ../out || not_ok 'info of images less their mean' 'it does not say so'
works 'sample of images less their mean' sample --model less/00000-tiny-squares --out grid.png
fails 'init of images less their mean' 1 'mean image' $tiny --quiet --stage joint --init less/00000-tiny-squares
rm -rf less grid.png

cat > alone.cfg << 'CFG'
base = "tiny.cfg";
name = "alone";
stacks = ();
CFG
alone='train --preset alone.cfg --data squares --quiet --out alone'
works 'an encoder without stacks' $alone
works 'info of an encoder without stacks' info --model alone/00000-alone-squares
grep -qx 'trained  *encoder' ../out && grep -qx 'stage  *done, step 0' ../out ||
	not_ok 'info of an encoder without stacks' 'it is not trained'
works 'limits of an encoder without stacks' $alone --steps 2 --epochs 1 --dry-run
grep -q '^stage .*encoder: 2 steps' ../out || not_ok 'limits of an encoder without stacks' 'not those asked for'
fails 'sample of an encoder without stacks' 2 'no stacks' sample --model alone/00000-alone-squares --out grid.png
fails 'joint stage without stacks' 2 'but there are no stacks' $alone --stage joint --init 0

# Judged by that encoder. A run's scores are in its folder and in info, always with the judge's name.
judge=alone/00000-alone-squares
judged="eval --model 0 --data squares --classifier $judge"
works 'eval' $judged --count 40
[ -s ../err ] && not_ok 'eval' 'something on standard error'
grep -q '^judge  *alone [0-9a-f]\{12\},' ../out && grep -q '^  frechet distance  *[0-9]' ../out ||
	not_ok 'eval' 'no scores, or nobody who judged'
grep -q '"classifier_sha256": "[0-9a-f]\{64\}"' runs/00000-tiny-squares/eval.json || not_ok 'eval' 'no eval.json in the run'
cp ../out ../scores
works 'eval, in info' info --model 0
tail -n "$(wc -l < ../scores)" ../out | cmp -s - ../scores || not_ok 'eval, in info' 'other scores'
works 'eval, another file' $judged --count 40 --threads 1 --out scores.json
cmp -s scores.json runs/00000-tiny-squares/eval.json || not_ok 'eval, another file' 'other scores with one thread'
printf '{ "preset": "x\\u001b[2J" }' > runs/00000-tiny-squares/eval.json
works 'eval.json of another form, in info' info --model 0
grep -q "^evaluated  unknown: .*eval.json: .*'model'" ../out || not_ok 'eval.json of another form, in info' 'it is not told'
cp scores.json runs/00000-tiny-squares/eval.json
works 'eval of a stage' eval --model runs/00000-tiny-squares/independent.safetensors --data squares --classifier $judge --count 40
cmp -s scores.json runs/00000-tiny-squares/eval.json || not_ok 'eval of a stage' 'the scores of another model file are gone'
cp ../out ../scores
works 'eval of a stage, in info' info --model runs/00000-tiny-squares/independent.safetensors
tail -n "$(wc -l < ../scores)" ../out | cmp -s - ../scores || not_ok 'eval of a stage, in info' 'other scores'
mv runs/00000-tiny-squares/eval-independent.json runs/00000-tiny-squares/eval.json
works 'eval of another state, in info' info --model 0
grep -q '^evaluated  not as it is now: .*eval.json are of independent.safetensors ' ../out && ! grep -q 'frechet' ../out ||
	not_ok 'eval of another state, in info' 'scores that are not its own'
rm -f scores.json runs/00000-tiny-squares/eval.json
( # the table is there though its file is not
	trap '' XFSZ
	ulimit -f 1
	"$cpu" $judged --count 40 --out scores.json
	echo $? > ../code
) 2> ../err | cat > ../out
code=$(cat ../code)
one_line 'no space for scores' 1 'scores.json: cannot write' && {
	ls -a | grep -q scores.json && not_ok 'no space for scores' 'part is left' || ok 'no space for scores'; }
grep -q '^  frechet distance' ../out || not_ok 'no space for scores' 'the table is lost'
cp -r squares circles
works 'eval with other data' eval --model 0 --data circles --classifier $judge --count 40 --out scores.json
grep -q "^warning    the classifier was trained on 'squares'" ../out &&
	grep -q "\"the model was trained on 'squares'" scores.json || not_ok 'eval with other data' 'nothing warns'
works "eval by the model's own encoder" eval --model 0 --data squares --classifier 0 --count 40 --out scores.json
grep -q "^warning    .* own encoder" ../out || not_ok "eval by the model's own encoder" 'nothing warns'
rm -rf scores.json circles
fails 'eval: no model' 2 '--model is missing' eval --data squares --classifier $judge
fails 'eval: no data' 2 '--data is missing' eval --model 0 --classifier $judge
fails 'eval: no classifier' 2 '--classifier is missing' eval --model 0 --data squares
fails 'eval: too few samples' 2 "--count is '9'" $judged --count 9
fails 'eval: no such classifier' 1 'none' eval --model 0 --data squares --classifier none
mkdir wide
for half in train t10k; do
	{ words 2051 20 4 16; pictures 20; } > wide/$half-images-idx3-ubyte
	{ words 2049 20; labels 20; } > wide/$half-labels-idx1-ubyte
done
sed 's/ 8, 8, 1 / 4, 16, 1 /' tiny.cfg > wide.cfg
printf 'base = "wide.cfg"; name = "wide"; stacks = ();' > wider.cfg
works 'a classifier of other images' train --preset wider.cfg --data wide --quiet --out wide/runs
fails 'eval: a classifier of other images' 2 'classifier wide: takes 4x16x1' eval --model 0 --data squares \
	--classifier wide/runs/00000-wide-wide --runs runs
fails 'eval: data of another size' 2 'dataset wide: 4x16x1 in 10 classes, preset tiny takes 8x8x1' \
	eval --model 0 --data wide --classifier $judge
rm -rf wide wide.cfg wider.cfg
fails 'eval: a classifier that is no model' 1 "$images" eval --model 0 --data squares --classifier squares/$images
fails 'eval: a model without generators' 2 'has no generators' eval --model $judge --data squares --classifier $judge
fails 'eval: generators that are not trained' 1 'not trained' eval --model 1 --data squares --classifier $judge
: > published.npz
fails 'eval: a published generator' 2 'published.npz' eval --model published.npz --data squares --classifier $judge
rm published.npz
# Without labels, in the dataset and in the model: what needs them is left out.
mkdir plain
cp squares/*-images-* plain
cat > turned.cfg << 'CFG'
base = "tiny.cfg";
name = "turned";
encoder: {
	labels = "rotations";
};
remove = [ "stacks.[1].generator.hz", "stacks.[1].generator.h" ];
set = [ "encoder.layers.fc4.out=4", "stacks.[1].lambda_cond=0" ];
CFG
fails 'eval: labels that are missing' 2 \
	'dataset plain: no labels (train-labels-idx1-ubyte is missing), which preset tiny reads' \
	eval --model 0 --data plain --classifier $judge
works 'training without labels' train --preset turned.cfg --data plain --quiet --out turned
for data in plain squares; do
	works "eval without labels, $data" eval --model turned/00000-turned-plain --data $data --classifier $judge --count 40
	grep -q '^  frechet distance  *[0-9]' ../out || not_ok "eval without labels, $data" 'no scores'
done
rm -rf plain turned turned.cfg
fails 'eval: no folder for the scores' 1 'nowhere/e.json' $judged --count 40 --out nowhere/e.json
fails 'eval: no folder for the scores, found out first' 1 'nowhere/e.json' eval --model 0 --data none --classifier none \
	--out nowhere/e.json
rm -rf alone alone.cfg

fails 'sample: no model' 2 '--model' sample --out x.png
fails 'sample: no output' 2 '--out' sample --model 0
fails 'sample: unknown kind of file' 2 'x.jpg' sample --model none --out x.jpg
fails 'sample: label that the model lacks' 2 '--labels' sample --model 0 --out x.png --labels 10
fails 'sample: folder is missing' 1 'nowhere/x.png' sample --model 0 --out nowhere/x.png
fails 'sample: folder is missing, found out first' 1 'nowhere/x.png' sample --model none --out nowhere/x.png
fails 'sample: below a file' 1 'file/x.npz' sample --model 0 --out file/x.npz
fails 'sample: generators are not trained' 1 'not trained' sample --model 1 --out x.png
fails 'sample: model is missing' 1 'none.safetensors' sample --model none.safetensors --out x.png
full 1 sample --model 0 --out x.npz --count 200
one_line 'no space for samples' 1 'x.npz' && { ls x.npz* > /dev/null 2>&1 && not_ok 'no space for samples' 'part is left' ||
	ok 'no space for samples'; }

size=$(wc -c < $model)
bad_model() { # name, command that writes the file
	eval "$2" > bad.safetensors
	fails "model: $1" 1 'bad.safetensors' sample --model bad.safetensors --out x.png
	fails "model: $1, info" 1 'bad.safetensors' info --model bad.safetensors
	fails "model: $1, init" 1 'bad.safetensors' $tiny --stage joint --init bad.safetensors
}
bad_model 'empty' :
bad_model 'truncated' "head -c $((size - 1)) $model"
bad_model 'truncated header' "head -c 100 $model"
bad_model 'too long' "cat $model; echo more"
bad_model 'not a model' "cat squares/$images"
bad_model 'header longer than the file' "printf '\377\377\377\377\377\377\377\177'; tail -c +9 $model"
bad_model 'header of no length' "head -c 8 /dev/zero; tail -c +9 $model"
bad_model 'lying offsets' "sed 's/\"data_offsets\":\[0,/\"data_offsets\":[4,/' $model"
sed 's/"dataset":"squares"/"dataset":"\\u001bx"/' $model > bad.safetensors
run info --model bad.safetensors
if cmp -s $model bad.safetensors; then
	not_ok 'model: hostile words' 'the dataset was not replaced'
else
	cat ../out ../err | grep -qF "$escape" && not_ok 'model: hostile words' 'they reach the terminal' ||
		ok 'model: hostile words'
fi
rm -f bad.safetensors

# --- what a terminal shows -----------------------------------------------------

# A line that is cut is cut between items; losses of a pair come with the generator's own first.
shown='epoch [0-9]+/[0-9]+ step [0-9]+/[0-9]+(, [0-9]+ img/s(, [0-9:]+ left((, test accuracy [0-9.]+ %)?(, z share [0-9. ]+)?)?)?)?'
shown="^(encoder|independent|joint)( $shown(: ITEM(, ITEM)*)?)?\$"
shown=$(echo "$shown" | sed 's/ITEM/([dg][0-9](_adv|_cond|_ent)?|encoder) [-+.0-9e]+/g')
if command -v script > /dev/null && script -qec true /dev/null > /dev/null 2>&1; then
	for columns in 20 51 53 55 57 60 64 68 72 400; do
		TERM=xterm NO_COLOR=1 script -qec "stty cols $columns; '$cpu' $tiny --steps 5 --out live" /dev/null \
			< /dev/null > ../out 2> ../err
		tr '\r' '\n' < ../out | sed "s/$escape\[K//g; /^\$/d; /^live/d" > ../lines
		if [ ! -s ../lines ] || grep -vqE "$shown" ../lines; then
			not_ok "live line of $columns columns" "$(grep -vE "$shown" ../lines | head -n 1)"
		elif [ "$(awk '{ if (length > n) n = length } END { print n }' ../lines)" -ge "$columns" ]; then
			not_ok "live line of $columns columns" 'a line is longer'
		else
			ok "live line of $columns columns"
		fi
	done
	grep -q '^joint .* left: g0_adv [^,]*, g0_cond [^,]*, g1_adv ' ../lines || not_ok 'live line' 'the order of losses'
	rm -rf live
	live_samples() { # options
		TERM=xterm NO_COLOR=1 script -qec "'$cpu' sample --model 0 --out live.npz --count 300 $*" /dev/null \
			< /dev/null > ../out 2> ../err
		rm live.npz
	}
	live_samples
	tr '\r' '\n' < ../out | grep -q "^sample 300 of 300 images, [0-9]* img/s, 0:00 left$escape" &&
		ok 'live line of samples' || not_ok 'live line of samples' "$(cat ../out)"
	live_samples --quiet
	[ -s ../out ] && not_ok 'no live line of samples' "$(cat ../out)" || ok 'no live line of samples'
else
	skip 'live line' 'no program "script"'
fi

# --- signals and pipes ---------------------------------------------------------

endless="$tiny --epochs 1000000 --quiet"

# Waits until the newest run in a folder has made its first line of statistics.
begun() { # folder
	tries=0
	until cat "$1"/*/stats.jsonl 2> /dev/null | grep -q step; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || return 1
		sleep 0.1
	done
}

stopped() { # name, signal, exit code
	rm -rf stopped
	# Shells give what runs in the background deaf ears for Ctrl-C.
	env --default-signal=INT "$cpu" $endless --out stopped > ../out 2> ../err &
	child=$!
	begun stopped || { kill -KILL $child; not_ok "$1" 'it did not begin'; return; }
	kill "-$2" $child
	wait $child
	code=$?
	one_line "$1" "$3" '--resume' || return
	[ -s stopped/00000-tiny-squares/checkpoint.safetensors ] || { not_ok "$1" 'no checkpoint'; return; }
	run train --quiet --resume latest --out stopped --stop-after 2
	[ "$code" -eq 0 ] && ok "$1" || not_ok "$1" 'it cannot be resumed'
}
# Asked for a checkpoint, training goes on; keys that repeat change nothing, and who asks again is obeyed.
saved_now() {
	rm -rf stopped
	env --default-signal=INT "$cpu" $endless --out stopped > ../out 2> ../err &
	child=$!
	begun stopped || { kill -KILL $child; not_ok 'SIGUSR2' 'it did not begin'; return; }
	kill -USR2 $child
	sleep 0.3
	kill -0 $child 2> /dev/null && ok 'SIGUSR2' || not_ok 'SIGUSR2' 'it ended'
	for repeat in 1 2 3; do
		kill -INT $child 2> /dev/null
	done
	wait $child
	code=$?
	one_line 'repeated Ctrl-C' 130 '--resume' && ok 'repeated Ctrl-C'
}
# Samples that are given up leave nothing, their half-written file neither.
stopped_sampling() {
	env --default-signal=INT "$cpu" sample --model 0 --count 10000000 --out long.npz > ../out 2> ../err &
	child=$!
	waited=0
	until ls .long.npz.* > /dev/null 2>&1 || [ "$waited" -eq 100 ]; do
		sleep 0.1
		waited=$((waited + 1))
	done
	kill -INT $child
	wait $child
	code=$?
	one_line 'Ctrl-C, sampling' 130 'nothing was written' || return
	ls -A | grep -qF long.npz && not_ok 'Ctrl-C, sampling' 'part is left' || ok 'Ctrl-C, sampling'
}
# A limit of file sizes is an error as a full disk is.
if (ulimit -f 8) 2> /dev/null; then
	(ulimit -f 8 && exec "$cpu" sample --model 0 --count 3000 --out limited.npz --quiet) > ../out 2> ../err
	code=$?
	one_line 'a limit of file sizes' 1 'File too large' &&
		{ ls -A | grep -qF limited.npz && not_ok 'a limit of file sizes' 'part is left' || ok 'a limit of file sizes'; }
fi
if env --default-signal=INT true 2> /dev/null; then
	stopped_sampling
	saved_now
	stopped 'Ctrl-C' INT 130
	stopped 'SIGTERM' TERM 143
	stopped 'a closed terminal' HUP 129
	stopped 'the end of the time that a batch system gives' USR1 138
	stopped 'a limit of CPU time' XCPU 152
else
	skip 'Ctrl-C' 'env has no --default-signal'
fi
rm -rf stopped

# The pipe closes after a line; training notices, saves, and ends without a word.
{
	"$cpu" $tiny --epochs 1000000 --out piped 2>&1 > ../out
	echo $? > ../code
} | head -n 1 > ../err
code=$(cat ../code)
if [ "$code" -ne 141 ]; then
	not_ok 'closed pipe' "exit code $code, expected 141"
elif [ "$(wc -l < ../err)" -ne 1 ] || [ ! -s piped/00000-tiny-squares/checkpoint.safetensors ]; then
	not_ok 'closed pipe' 'no line of progress, or no checkpoint'
else
	ok 'closed pipe'
fi
{ "$cpu" info 2> ../err; } | true
[ -s ../err ] && not_ok 'info into a closed pipe' 'something on standard error' || ok 'info into a closed pipe'
# With a descriptor closed, a file of the run would take its number, and what is printed with it.
"$cpu" $tiny --steps 7 --stage encoder --out closed > ../out 2>&- < /dev/null
code=$?
: > ../err
if [ "$code" -ne 0 ]; then
	not_ok 'closed standard error' "exit code $code"
elif grep -qv '^{.*}$' closed/*/stats.jsonl; then
	not_ok 'closed standard error' 'progress in stats.jsonl'
else
	ok 'closed standard error'
fi
"$cpu" $tiny --steps 7 --stage encoder --out closed <&- >&- 2>&-
code=$?
if [ "$code" -ne 1 ] || grep -qv '^{.*}$' closed/*/stats.jsonl || [ ! -s closed/00001-tiny-squares/encoder.safetensors ]; then
	not_ok 'all descriptors closed' "exit code $code, expected 1 and a run that is whole"
else
	ok 'all descriptors closed'
fi
rm -rf closed
if [ -w /dev/full ]; then
	"$cpu" info 2> ../err > /dev/full
	code=$?
	one_line 'full standard output' 1 'standard output' && ok 'full standard output'
else
	skip 'full standard output' 'no /dev/full'
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
