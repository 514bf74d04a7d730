#!/bin/sh
# Sets what Istio's injector sets in a pod with interceptionMode TPROXY (-p 15001 -z 15006 -u 1337 -m TPROXY -i '*' -b '*'
# -d 15090,15021,15020), inbound half, for IPv4 and IPv6: addresses stay as they are, marked packets are routed to lo.
set -eu

# A kernel may have only one of the two back ends of iptables, legacy and nf_tables.
back_end() {
  for end in nft legacy; do
    if "$1-$end" -t mangle -L -n >/dev/null 2>&1; then echo "$1-$end"; return; fi
  done
  echo "setting TPROXY rules: this kernel has no mangle table for $1" >&2
  exit 1
}

# usage: set_rules COMMAND LOOPBACK IP-FAMILY
set_rules() {
  rule="$1 -t mangle"
  for chain in ISTIO_DIVERT ISTIO_TPROXY ISTIO_INBOUND; do $rule -N $chain; done
  $rule -A ISTIO_DIVERT -j MARK --set-mark 1337
  $rule -A ISTIO_DIVERT -j ACCEPT
  $rule -A ISTIO_TPROXY ! -d "$2" -p tcp -j TPROXY --tproxy-mark 1337/0xffffffff --on-port 15006

  $rule -A PREROUTING -p tcp -j ISTIO_INBOUND
  $rule -A PREROUTING -p tcp -m mark --mark 1337 -j CONNMARK --save-mark
  $rule -A OUTPUT -p tcp -o lo -m mark --mark 1337 -j RETURN
  $rule -A OUTPUT ! -d "$2" -p tcp -o lo -m owner --uid-owner 1337 -j MARK --set-mark 1338
  $rule -A OUTPUT -p tcp -m connmark --mark 1337 -j CONNMARK --restore-mark
  for port in 15008 15090 15021 15020; do $rule -A ISTIO_INBOUND -p tcp --dport $port -j RETURN; done
  $rule -A ISTIO_INBOUND -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j ISTIO_DIVERT
  $rule -A ISTIO_INBOUND -p tcp -j ISTIO_TPROXY

  ip "$3" rule add fwmark 1337 lookup 133
  ip "$3" route add local default dev lo table 133
}

ipv4=$(back_end iptables)
ipv6=$(back_end ip6tables)
set_rules "$ipv4" 127.0.0.1/32 -4
set_rules "$ipv6" ::1/128 -6
