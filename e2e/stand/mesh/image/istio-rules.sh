#!/bin/sh
# Sets the rules that Istio's injector sets in a pod (nat table, -p 15001 -z 15006 -u 1337 -m REDIRECT -i '*' -b '*'
# -d 15090,15021,15020), for IPv4 and IPv6. Order matters.
set -eu

# Some kernels have only one of the two back ends of iptables.
back_end() {
  for end in nft legacy; do
    if "$1-$end" -t nat -L -n >/dev/null 2>&1; then echo "$1-$end"; return; fi
  done
  echo "setting the mesh's rules: this kernel offers no nat table to $1" >&2
  exit 1
}

# usage: set_rules COMMAND LOOPBACK INBOUND_SOURCE
set_rules() {
  rule="$1 -t nat"
  for chain in ISTIO_INBOUND ISTIO_REDIRECT ISTIO_IN_REDIRECT ISTIO_OUTPUT; do $rule -N $chain; done
  $rule -A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001
  $rule -A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006

  $rule -A PREROUTING -p tcp -j ISTIO_INBOUND
  for port in 15008 15090 15021 15020; do $rule -A ISTIO_INBOUND -p tcp --dport $port -j RETURN; done
  $rule -A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT

  $rule -A OUTPUT -j ISTIO_OUTPUT
  $rule -A ISTIO_OUTPUT -o lo -s "$3" -j RETURN
  for owner in uid gid; do
    $rule -A ISTIO_OUTPUT -o lo ! -d "$2" -p tcp ! --dport 15008 -m owner --$owner-owner 1337 -j ISTIO_IN_REDIRECT
    $rule -A ISTIO_OUTPUT -o lo -m owner ! --$owner-owner 1337 -j RETURN
    $rule -A ISTIO_OUTPUT -m owner --$owner-owner 1337 -j RETURN
  done
  $rule -A ISTIO_OUTPUT -d "$2" -j RETURN
  $rule -A ISTIO_OUTPUT -j ISTIO_REDIRECT
}

ipv4=$(back_end iptables)
ipv6=$(back_end ip6tables)
ip -6 address add ::6/128 dev lo
set_rules "$ipv4" 127.0.0.1/32 127.0.0.6/32
set_rules "$ipv6" ::1/128 ::6/128
