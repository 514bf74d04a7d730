#!/bin/sh
# Collects in a directory the files that programs need in an otherwise empty image: their shared libraries, the loader, two users, and dpkg's
# records of the libraries' packages in var/lib/dpkg/status.d, where scanners look in images without a package manager.
# usage: libraries.sh DIRECTORY PROGRAM...
set -eu
root=$1; shift
status=$root/var/lib/dpkg/status.d
mkdir -p "$root/usr/lib" "$root/usr/lib64" "$root/etc" "$status"
mkdir -m 1777 "$root/tmp"
ln -s usr/lib "$root/lib"
ln -s usr/lib64 "$root/lib64"
printf 'root:x:0:0:root:/:/nowhere\nnonroot:x:65532:65532:nonroot:/:/nowhere\n' >"$root/etc/passwd"
printf 'root:x:0:\nnonroot:x:65532:\n' >"$root/etc/group"
cp -L /etc/os-release "$root/etc/os-release"

for file in $(ldd "$@" | grep -o '/[^ :]*\.so[^ :]*' | sort -u); do
  short=${file#/usr}
  mkdir -p "$root/usr$(dirname "$short")"
  cp -L "$file" "$root/usr$short"
  # Packages may name their files with or without /usr.
  package=$(dpkg -S "$short" "/usr$short" 2>/dev/null | head -n1 | cut -d: -f1)
  [ -n "$package" ] || { case $file in */node_modules/*) continue ;; esac; echo "no package has $file" >&2; exit 1; }
  dpkg -s "$package" >"$status/$package"
  copyright=/usr/share/doc/$package/copyright
  if [ -e "$copyright" ]; then mkdir -p "$root$(dirname "$copyright")"; cp -L "$copyright" "$root$copyright"; fi
done
