#!/bin/sh
# A gateway with a list of ports and one interface that may be missing.
set -e
IPT=${IPT:-/sbin/iptables}
WAN="eth0"; LAN='eth1'
PORTS="22 80,443 8000:8010"
lan_net() { echo 198.18.4.0/24; }
for table in filter nat mangle; do $IPT -t "$table" -F; done
$IPT -P INPUT DROP
$IPT -N services 2>/dev/null || $IPT -F services
if [ -d "/sys/class/net/$LAN" ]; then
    $IPT -A INPUT -i $LAN -s 198.18.4.0/24 -j ACCEPT
else
    $IPT -A INPUT -i lo -j ACCEPT
fi
for p in $PORTS; do
    case $p in
    *,*) $IPT -A services -p tcp -m multiport --dports $p -j ACCEPT ;;
    *) $IPT -A services -p tcp --dport "${p}" -j ACCEPT ;;
    esac
done
i=0
while [ $i -lt 3 ]; do i=$((i + 1)); $IPT -A services -p udp --dport $((5000 + i)) -j ACCEPT; done
$IPT -A INPUT -m conntrack --ctstate NEW -j services
[ -n "$WAN" ] && $IPT -t nat -A POSTROUTING -o "$WAN" -j MASQUERADE
$IPT -D INPUT 1; $IPT -I INPUT 2 -m limit --limit 5/min -j LOG --log-prefix "in: "
ipset create blocked hash:net && ipset add blocked 203.0.113.0/24
$IPT -I INPUT -m set --match-set blocked src -j DROP
