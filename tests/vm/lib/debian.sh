# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Debian trees: which mirror this machine uses, and how packages get into a tree.

# The main archive out of apt's own configuration, whatever its format: the host's administrator has
# already said where packages come from. Security, updates and backports are no main archives, and a
# repository of another origin has no Debian in it.
debian_mirror() {
        local uri='' origin suite
        if command -v apt-get >/dev/null; then
                # shellcheck disable=SC2016 # these are apt's variables
                while read -r uri origin suite; do
                        [[ $origin == Debian && $suite != *-* ]] && break
                        uri=''
                done < <(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(SUITE)' 'Created-By: Packages' 2>/dev/null)
        fi
        [[ -n ${uri:=${VFIO_GPU_MIRROR:-}} ]] ||
                die "apt-get names no archive of Debian here: say one in VFIO_GPU_MIRROR"
        printf '%s\n' "$uri"
}

# apt's own settings for downloads (proxy, certificates, dates) hold inside a tree too.
debian_copy_apt_settings() {
        local tree=$1 ca=/etc/ssl/certs/ca-certificates.crt
        {
                printf 'APT::Install-Recommends "0";\nAPT::Sandbox::User "root";\nAcquire::Languages "none";\n'
                ! command -v apt-config >/dev/null ||
                        apt-config dump Acquire | grep -E '^Acquire::(http|https|ftp|Check|Retries|Force)[^ ]* "[^"]+";$' || true
        } >"$tree/etc/apt/apt.conf.d/90vfio-gpu-tests"
        [[ ! -e /etc/resolv.conf ]] || cp -L /etc/resolv.conf "$tree/etc/resolv.conf"
        [[ ! -e $ca || -e $tree$ca ]] || install -D -m 0644 "$ca" "$tree$ca"
}

# The suite that has no release yet: this machine's debootstrap may not know its name, and a mirror that
# stands still has an archive of it whose date is over.
debian_testing=forky

# debian_bootstrap SUITE TREE [PACKAGE,PACKAGE...]
debian_bootstrap() {
        local suite=$1 tree=$2 include=${3:-} args=(--variant=minbase) mirror script=()
        [[ -z $include ]] || args+=("--include=$include")
        [[ $suite != "$debian_testing" || -e /usr/share/debootstrap/scripts/$suite ]] || script=(/usr/share/debootstrap/scripts/sid)
        mirror=$(debian_mirror)
        debootstrap "${args[@]}" "$suite" "$tree" "$mirror" "${script[@]}"
        debian_copy_apt_settings "$tree"
        [[ $suite != "$debian_testing" ]] ||
                echo 'Acquire::Check-Valid-Until "false";' >>"$tree/etc/apt/apt.conf.d/90vfio-gpu-tests"
}

# debian_install TREE APT-ARGUMENT...
debian_install() {
        local tree=$1
        shift
        "$vm_dir/lib/in-tree" "$tree" -- apt-get -q update
        "$vm_dir/lib/in-tree" "$tree" -- env DEBIAN_FRONTEND=noninteractive apt-get -q -y install "$@"
        "$vm_dir/lib/in-tree" "$tree" -- apt-get clean
}
