#!/bin/sh
set -e
IPT=/sbin/iptables
$IPT $UNSET
$IPT -i $UNSET
$IPT $(cat options)
$IPT -t nat $UNSET
