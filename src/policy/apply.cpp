#include "portcullis/policy/apply.hpp"

#include <string_view>

namespace portcullis {
namespace {

constexpr std::string_view script = R"sh(#!/bin/sh
# Loads @RULES@ in one step. Unless that is confirmed in time, what was there before comes back.
#   ./@SCRIPT@ [SECONDS]   load, and wait 60 seconds or so many for a confirmation
#   ./@SCRIPT@ confirm     keep the new rules
#   ./@SCRIPT@ rollback    put the old ones back now
set -eu
cd "$(dirname "$0")"
rules=@RULES@
old=.before-@TARGET@    # what was there, as the loader takes it
pending=.pending-@TARGET@ # is there while a load waits for its confirmation, and says which

check() { @CHECK@; }
load() { @LOAD@ "$1"; }
save() {
@SAVE@
}

case ${1:-60} in
confirm)
    [ -e "$pending" ] || { echo "nothing waits for a confirmation" >&2; exit 1; }
    rm -f "$pending"
    echo "the new rules stay"
    ;;
rollback)
    [ -e "$old" ] || { echo "nothing was loaded from here" >&2; exit 1; }
    rm -f "$pending"
    load "$old"
    echo "the old rules are back"
    ;;
expire) # the timer: only the load that started it
    sleep "$2"
    [ "$(cat "$pending" 2>/dev/null)" = "$3" ] || exit 0
    load "$old"
    rm -f "$pending"
    ;;
*[!0-9]*)
    echo "usage: $0 [SECONDS] | confirm | rollback" >&2
    exit 2
    ;;
*)
    [ ! -e "$pending" ] || { echo "another load waits for its confirmation" >&2; exit 1; }
    check
    save > "$old.new"
    mv "$old.new" "$old"
    token=$$-$(date +%s)
    echo "$token" > "$pending"
    # Before the rules, so that nothing depends on the connection that they might cut.
    setsid sh "./@SCRIPT@" expire "${1:-60}" "$token" > /dev/null 2>&1 < /dev/null &
    load "$rules" || { rm -f "$pending"; load "$old"; exit 1; }
    echo "loaded; without './@SCRIPT@ confirm' within ${1:-60} seconds the old rules come back"
    ;;
esac
)sh";

void replace_all(std::string& text, std::string_view what, std::string const& by) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) text.replace(at, what.size(), by);
}

std::string name_of(Target target) { return std::string(to_string(dialect_of(target))); }

} // namespace

std::string rules_file(Target target) {
    switch (target) {
    case Target::iptables: return "rules.v4";
    case Target::ip6tables: return "rules.v6";
    case Target::nftables: return "ruleset.nft";
    default: return "lists.cfg";
    }
}

ApplyFile apply_script(Target target, std::string const& text) {
    std::string const restore = name_of(target) + "-restore", save = name_of(target) + "-save";
    bool const nft = target == Target::nftables;
    std::string saves;
    if (nft) {
        // The table goes, whether it is there or not, and what it was comes.
        saves = "    echo 'table inet portcullis'\n    echo 'delete table inet portcullis'\n    nft -s list table inet portcullis 2>/dev/null || true";
    } else {
        for (std::string_view const table : {"raw", "mangle", "nat", "filter", "security"})
            if (text.starts_with("*" + std::string(table) + "\n") || text.find("\n*" + std::string(table) + "\n") != std::string::npos)
                saves += (saves.empty() ? "    " : "\n    ") + save + " -t " + std::string(table);
    }
    ApplyFile file{"apply-" + name_of(target) + ".sh", std::string(script), true};
    std::string& result = file.text;
    replace_all(result, "@RULES@", rules_file(target));
    replace_all(result, "@SCRIPT@", file.name);
    replace_all(result, "@TARGET@", name_of(target));
    replace_all(result, "@CHECK@", nft ? "nft -c -f \"$rules\"" : restore + " --test \"$rules\"");
    replace_all(result, "@LOAD@", nft ? "nft -f" : restore);
    replace_all(result, "@SAVE@", saves);
    return file;
}

} // namespace portcullis
