// What hardening adds: the rules of every firewall, and who must not use insecure services.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lint/exposure.hpp"
#include "portcullis/dialect/write.hpp"

namespace portcullis {

// A rule whose comment begins with "harden: ".
Rule hardening_rule(std::string comment, Verdict verdict, std::vector<Term> terms);
Term term(Field field, ValueSet values);
// The set, or what is not in it: whichever is shorter to say.
ValueSet shorter(IntervalSet const& set, unsigned bits);
ValueSet loopback();
// The states of packets that belong or relate to a connection.
ValueSet answers();

// The base chain where people expect the filtering of packets to the host, or through it.
std::optional<ChainId> main_chain(Ruleset const& ruleset, Path::Kind kind, Family family);
// The place behind the rules about states and the loopback that a chain begins with.
std::size_t head_of(Chain const& chain);
// Whether packets of the family can match.
bool is_about(Match const& match, Family family);

// Messages that IP needs, to be let through by a chain whose policy let everything pass: as [harden] of a policy has them.
std::vector<Rule> essentials(Path::Kind kind, std::vector<Family> const& families);
// "ip6 portcullis", or "filter" of iptables: the table of what is not there at all.
std::string table_of(Dialect dialect, Family family);
// Its text: base chains that drop all but answers, the loopback, what IP needs, and what is kept.
Writing strict_table(Dialect dialect, Family family, std::vector<Path::Kind> const& kinds, std::vector<std::pair<Path::Kind, Match>> const& kept);

// The product, of new connections.
Match first_packets(Cube const& cube);

// Sources that do not get in by these interfaces, on the way to the host or through it: what lint finds, and the networks of
// trusted zones by the interfaces of untrusted ones.
struct Forged {
    Family family{};
    IntervalSet interfaces, sources;
};
std::vector<Forged> forged_sources(Context const& ctx, Path::Kind kind, std::vector<Family> const& families);

// Rules that let untrusted senders use services that are insecure, and by the catalogue a risk of medium severity or more.
// Without `wide`, only those that name few ports.
std::vector<Opening> insecure_openings(Context const& ctx, bool wide);
// The ports of such services that the opening's permits let them reach, by protocol.
std::map<std::uint8_t, IntervalSet> insecure_ports(Context const& ctx, Opening const& opening, std::function<bool(Permit const&)> const& counts);
// Conditions of packets from whoever must not use them any more.
std::vector<Term> strangers(Config const& config, Family family);
// Sources that must not; those that no packet has are with them, which makes shorter lists.
IntervalSet strange_sources(Config const& config, Family family);

} // namespace portcullis
