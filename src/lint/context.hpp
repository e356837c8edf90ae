// What a lint rule sees: the ruleset, and the questions about it that several rules ask, answered once.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "lint/dead_rules.hpp"
#include "lint/duplicates.hpp"
#include "lint/list_ways.hpp"
#include "lint/rule_pairs.hpp"
#include "lint/spoofing.hpp"
#include "portcullis/engine/interpret.hpp"
#include "portcullis/engine/shadow.hpp"
#include "portcullis/lint/lint.hpp"

namespace portcullis {

class ManyPackets;

// A rule (or a policy) that lets packets pass on one path, before it is known whether any get to it.
struct Permit {
    std::size_t path = 0; // of Context::paths()
    Family family{};
    ChainId chain = 0;
    std::optional<std::size_t> rule; // none: the policy of the decisive chain, or that no chain filters at all
    // How many pairs of transport protocol and destination port it names, where it names ports; huge for "any".
    std::uint64_t breadth = 0;
    // The smallest interval with the destination ports that its text leaves, so that most questions about other ports
    // are answered by a comparison.
    std::uint16_t first_port = 0;
    std::uint16_t last_port = 65535;

    bool may_be_to(PortRange const& port) const { return first_port <= port.last && port.first <= last_port; }
};

// Permits up to this many ports name their services; wider ones are the business of the rules about breadth.
constexpr std::uint64_t narrow_limit = 1000;

// Where new connections may come from, for a question about them.
enum class Asking : std::uint8_t {
    untrusted, // sources and interfaces that nobody vouches for
    anybody,   // every source but the box itself
};

class Context {
  public:
    // The sources outlive it. The space is its own to add to: without one, a prepared one.
    Context(Ruleset const& ruleset, Sources const& sources, LintOptions const& options, Asking asking,
            std::shared_ptr<Space> space = nullptr);
    ~Context();

    Ruleset const& ruleset() const { return ruleset_; }
    // The texts, for rules that offer another one.
    Sources const& sources() const { return sources_; }
    Catalogue const& catalogue() const { return options_.config.catalogue; }
    Config const& config() const { return options_.config; }
    // The day that dates are compared with; none: nothing is said about them.
    std::optional<std::chrono::year_month_day> today() const { return options_.today; }
    // The rule that is being run: its parameters and services.
    RuleInfo const& rule() const { return *rule_; }
    void run(RuleInfo const& rule) { rule_ = &rule; }

    std::vector<Path> const& paths() const { return paths_; }
    // All rules and policies that may let new connections pass, on all paths into or through the box.
    std::vector<Permit> const& permits() const { return permits_; }
    // The new connections from where was asked that pass because of the permit, as they arrive.
    PacketSet passing(Permit const& permit) const;
    // … with what address translation has made of them at their end.
    Worlds passing_worlds(Permit const& permit) const;
    // Those of them that are connections to the ports at their end, whatever port they arrived at.
    PacketSet reaching(Permit const& permit, PortRange const& port) const;
    PacketSet reaching(Worlds const& worlds, PortRange const& port) const;
    // The permit sees packets that a rule behind it may still give another destination.
    bool is_before_translation(Permit const& permit) const;
    // Whether more than `narrow_limit` ports of transport protocols pass: that may be few where its text names many.
    bool is_wide(Permit const& permit) const;
    // What would come to the permit if no earlier rule took anything.
    PacketSet alone(Permit const& permit) const;
    // The new connections that are asked about, on the permit's path and of its family.
    PacketSet asked(Permit const& permit) const;
    // Whether some rule changes where packets go.
    bool translates_destinations() const;
    // What PC209 reports of the chain.
    std::vector<Duplicate> const& duplicates(ChainId chain) const;
    // The base chains whose packets can come to the chain: itself, or those that call it.
    std::vector<ChainId> const& bases(ChainId chain) const;
    // What each rule decides of all packets, not just of new connections.
    Reach& reach() const;
    // What earlier rules leave of each rule, and the rules that are dead for it.
    Shadows const& shadows() const;
    // The same for access lists as if there were no later fragments, which all permits of ports take on a Cisco;
    // nothing where no rule tells them apart.
    Shadows const* first_fragment_shadows() const;
    std::vector<DeadRule> const& dead_rules() const;
    // The same for the first packets of connections that come from elsewhere: what other packets a rule takes says
    // little about what it was written for.
    Shadows const& connection_shadows() const;
    // What PC204 tells; other rules about pairs leave it out.
    std::vector<PartlyTaken> const& partly_taken() const;
    Orders const& orders() const;
    std::vector<OutsideWay> const& outside_ways() const;
    std::vector<Spoofing> const& spoofing_from_outside() const;
    // What the answers of rules lack that are bounded, as sentences.
    std::vector<std::string> bounds() const;
    // Whether every question that was asked has been answered within the budget.
    bool complete() const;
    // Packets as a hook sees them: without an outgoing interface before routing, without an incoming one where the box
    // itself sends, without either in an access list.
    PacketSet seen_at(HookPoint point) const;
    // … and as a base chain does: those of its families and devices.
    PacketSet seen_by(ChainId base) const;
    // The first packets of all connections, as the hook sees them; with a state of new, or any state.
    PacketSet first_packets(HookPoint point) const;
    PacketSet new_connections(HookPoint point) const;
    // All packets with a source that nobody vouches for, by an interface that nobody vouches for.
    PacketSet const& from_untrusted() const;
    // What all packets have that arrive, by what the ruleset does itself (engine/path.hpp).
    PacketSet const& unmarked() const;
    // The new connections that are asked about on a whole path.
    PacketSet question(std::size_t path) const { return questions_[path]; }
    // … on any path, one of find_ways included.
    PacketSet question(Path const& path) const;
    // Connections to the ports, as packets are then.
    PacketSet to_service(PortRange const& port) const;
    Space& space() const { return *space_; }

    // The match of the permit's rule; empty for a policy.
    Match const& match(Permit const& permit) const;
    // Where the permit stands in the text.
    Span span(Permit const& permit) const;
    std::string where(Permit const& permit) const;
    // A member of the set as a witness on the permit's path; the interpreter has confirmed that it is accepted. A
    // witness that needs an opaque match to hold (or not) says so in `assumptions`.
    Witness witness(Permit const& permit, PacketSet const& set, std::vector<Assumption>& assumptions) const;
    // … of any path.
    Witness witness(Path const& path, PacketSet const& set, std::vector<Assumption>& assumptions) const;
    // A member of the set as a witness of what becomes of it in the base chains of a hook, or of a path with that hook;
    // the interpreter has confirmed whether they accept it.
    Witness witness(std::vector<ChainId> const& chains, HookPoint hook, PacketSet const& set, bool accepted) const;
    Witness witness(ChainId base, PacketSet const& set, bool accepted) const;

  private:
    PacketSet matched_alone(Match const& match) const;
    PacketSet const& asked_at(HookPoint point) const;
    // By the interpreter; of large rulesets with an index, once it is worth that.
    // `chains`: one chain, to which the packet comes as it is, or several from where it arrives.
    template <class Chains> Decision decide(Chains const& chains, Member const& member) const;
    void collect_permits();

    Ruleset const& ruleset_;
    Sources const& sources_;
    LintOptions const& options_;
    Asking asking_;
    RuleInfo const* rule_ = nullptr;
    std::shared_ptr<Space> space_;
    std::vector<Path> paths_;
    std::vector<Permit> permits_;
    mutable std::optional<PacketSet> unmarked_;
    mutable std::optional<PacketSet> from_untrusted_;
    mutable std::map<HookPoint, PacketSet> asked_at_;
    mutable std::optional<ListWays> list_ways_;
    mutable std::optional<bool> translates_destinations_;
    mutable std::map<ChainId, std::vector<Duplicate>> duplicates_;
    std::vector<PacketSet> questions_;             // by path
    mutable std::vector<std::optional<PathReach>> reaches_; // by path, made when first asked
    mutable std::map<std::pair<ChainId, ChainId>, PacketSet> admissions_;
    mutable std::vector<std::vector<ChainId>> bases_; // by chain, made when first asked
    mutable std::size_t decided_ = 0; // packets, without the index
    mutable std::unique_ptr<ManyPackets> many_;
    mutable std::optional<Reach> reach_;
    mutable std::optional<Shadows> shadows_;
    mutable std::optional<Shadows> first_fragment_shadows_;
    mutable std::optional<std::vector<DeadRule>> dead_rules_;
    mutable std::optional<Shadows> connection_shadows_;
    mutable std::optional<std::vector<PartlyTaken>> partly_taken_;
    mutable std::optional<Orders> orders_;
    mutable std::optional<std::vector<OutsideWay>> outside_ways_;
    mutable std::optional<std::vector<Spoofing>> spoofing_;
    mutable std::map<std::pair<std::size_t, Family>, bool> before_translation_; // by path and family: what decides is
    mutable std::vector<std::optional<Worlds>> passing_; // by permit
    mutable std::vector<std::optional<bool>> wide_;      // by permit
    mutable std::map<std::tuple<std::uint8_t, std::uint16_t, std::uint16_t>, PacketSet> to_service_;
};

// Whether the permit's own text can match a connection to the port; cheap, and never wrongly false.
bool may_match(Context const& ctx, Permit const& permit, PortRange const& port);

// The values of a field that the match leaves, as far as its terms and relations name the field; nothing where they do
// not. Rows about later fragments are left out: they say nothing of new connections.
std::optional<IntervalSet> named_values(Match const& match, Field field);

// Whether the path lets packets of the family pass from or to anywhere but the loopback device; one that does not is
// closed on purpose.
bool accepts_anything(Context const& ctx, Path const& path, Family family);
// The first packet of a connection from elsewhere: new, whole, of tcp a SYN alone, not over the loopback device.
Match connection_start();
// So many rules that questions about all of their packets take too long; rules that ask such ask about examples then.
bool is_large(Ruleset const& ruleset);

// Adds a finding of the current rule at a rule of a chain, or at its policy; args {chain}.
Finding& add_finding(Context const& ctx, Findings& out, ChainId chain, std::optional<std::size_t> rule);
// The packets of the set prove the finding, or do so under assumptions, which a note then says.
void judge(Finding& finding, PacketSet const& set);

// Whether the rule has no effect but its verdict, and decides that itself: a target of which nobody knows the answer is a
// rule that accepts and one that drops.
bool is_plain(std::vector<Rule> const& rules, std::size_t index);

// Adds the removal of the rule's text to the finding's fix, where the dialect has a rule where its text is. A line
// of a script may make many rules, and JSON has other texts around it. `safe` is what the engine has proved.
void offer_removal(Context const& ctx, Finding& finding, Rule const& rule, bool safe);

// The first rule of the chain that ends every packet, by its own text; the end where there is none.
std::vector<Rule>::const_iterator catch_all(Chain const& chain);

// "filter/INPUT/2": the chain and the number of the rule in the text, from 1.
std::string where(Chain const& chain, std::optional<std::size_t> rule);

} // namespace portcullis
