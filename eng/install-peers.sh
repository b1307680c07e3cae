#!/usr/bin/env bash
# Installs the programs that the tests compare with, from the distribution. Does nothing when all are there.
set -eu
wanted=()
need() { command -v "$1" >/dev/null 2>&1 || wanted+=("$2"); }
need qemu-img qemu-utils
need qemu-io qemu-utils
need vmdkinfo libvmdk-utils
need 7zz 7zip
need nbdinfo libnbd-bin
need gcc gcc
need git git
need bzip2 bzip2
need mkfs.ext4 e2fsprogs
ldconfig -p | grep -q 'libdeflate\.so\.0' || wanted+=(libdeflate0)
ldconfig -p | grep -q 'libisal\.so\.2' || wanted+=(libisal2)
[ ${#wanted[@]} -eq 0 ] && exit 0
as_root=(); [ "$(id -u)" -eq 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
