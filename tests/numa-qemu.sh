#!/bin/bash
# A machine of two NUMA nodes, made up by QEMU and run by Debian's kernel: memory is on the node of the threads that use it
# (numa_pages), and training has the bits that it has on this machine.
#
# usage: numa-qemu.sh SOURCE-DIR BUILD-DIR
#
# Needs qemu-system-x86_64, a static busybox, cpio, and apt-get to download a kernel. Exit status 77: one is missing.
set -euo pipefail
source=$(cd "$1" && pwd) build=$(cd "$2" && pwd)
for program in qemu-system-x86_64 busybox cpio apt-get dpkg-deb ldd; do
	command -v $program >/dev/null || { echo "skipped: no $program"; exit 77; }
done
images=/usr/share/datasets/fashion-mnist
[ -d $images ] || { echo "skipped: no Fashion-MNIST"; exit 77; }
work=$(mktemp -d "${TMPDIR:-/tmp}/sgan-numa.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"

# A kernel without this machine's modules, all that it needs built in.
mkdir deb
package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image/ { print $2; exit }' || true)
[ -n "$package" ] && (cd deb && apt-get -qq -o APT::Sandbox::User=root download "$package") || { echo "skipped: no kernel to be had"; exit 77; }
dpkg-deb -x deb/"$package"_*.deb kernel

# The guest's files; training stops in the independent stage's fourth step, ahead of what an epoch's end measures: programs, the libraries that they load, some images.
mkdir -p root/bin root/dev root/proc root/sys root/tmp
sh "$source/tests/first-images.sh" root/data 160 100
cp "$(command -v busybox)" root/bin/busybox
"$build/libtool" --quiet --mode=install cp "$build/sgan-cpu" "$work/root/bin/"
"$build/libtool" --quiet --mode=install cp "$build/tests/numa_pages" "$work/root/bin/"
cp "$source/tests/tiny.cfg" root/
ldd root/bin/sgan-cpu root/bin/numa_pages | grep -o '/[^ ]*' | grep -v ':$' | sort -u | while read -r library; do
	mkdir -p "root$(dirname "$library")"
	cp -nL "$library" "root$library"
done
cat >root/init <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
echo "== nodes: $(ls -d /sys/devices/system/node/node* | wc -l), CPUs: $(grep -c ^processor /proc/cpuinfo)"
sgan-cpu info | grep -E '^(topology|places|chosen)'
numa_pages /tiny.cfg 4
echo "== numa_pages: $?"
sgan-cpu train --isa avx2 --preset /tiny.cfg --data /data --steps 4 --stop-after 7 --seed 1 --threads 4 --quiet --out /tmp/runs
echo "== train: $?"
sha256sum /tmp/runs/00000-*/checkpoint.safetensors
poweroff -f
INIT
chmod +x root/init
(cd root && find . | cpio --quiet -o -H newc) >initrd

# TCG, so that it runs without KVM: -cpu max has AVX2. Nodes' distances are the defaults.
timeout 280 qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu max -smp 4,sockets=2,cores=2,threads=1 -m 2G \
	-object memory-backend-ram,id=m0,size=1G -object memory-backend-ram,id=m1,size=1G \
	-numa node,nodeid=0,cpus=0-1,memdev=m0 -numa node,nodeid=1,cpus=2-3,memdev=m1 \
	-kernel kernel/boot/vmlinuz-* -initrd initrd -append "console=ttyS0 panic=-1 quiet numa_balancing=disable" \
	-nodefaults -display none -no-reboot -serial stdio </dev/null | tr -d '\r' | tee guest

"$build/sgan-cpu" train --isa avx2 --preset "$source/tests/tiny.cfg" --data root/data --steps 4 --stop-after 7 --seed 1 \
	--threads 2 --quiet --out here >/dev/null
here=$(sha256sum here/00000-*/checkpoint.safetensors)
here=${here%% *}
grep -q '^== nodes: 2, CPUs: 4$' guest
grep -q '^places  *threads on 2 NUMA nodes .*bound to their node$' guest
grep -q '^== numa_pages: 0$' guest
grep -q '^== train: 0$' guest
grep -qF "$here" guest || { echo "the bits of the checkpoint are others here: $here"; exit 1; }
echo "the same bits here and there"
