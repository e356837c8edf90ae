// The tables of one family as commands leave them: chains of commands, which are one pointer each to move about.
// What stands at the end is lowered once, in its final order. Restore files and scripts run their commands on it.
#pragma once
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "dialect/iptables_rule.hpp"

namespace portcullis::iptables {

// A piece of expanded text, and where in a script it was written.
struct Piece {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    Span span;
    bool verbatim = false; // it says the same there, byte for byte
};

// What commands were parsed from.
struct CommandText {
    File const* file = nullptr;
    std::vector<Piece>
        pieces{}; // of a command whose words were expanded; else the file's spans are the source's own
    std::vector<Opaque> conditions{}; // under which the command is run at all
    Span to_source(Span span) const;
};

class Tables {
  public:
    enum class Mode {
        file, // iptables-restore: a command that fails refuses the file
        live, // each command by itself: one that fails changes nothing, and to remove what is not there is no
              // mistake
    };

    Tables(Family family, Mode mode, Findings& findings) : family_(family), mode_(mode), findings_(findings) {}

    // What the rules' sets hold; it must live as long as the tables.
    void know(SetUse& sets) { sets_ = &sets; }

    // What commands work on from now on: the table anew, in place of an earlier one; or as it is.
    void start(std::string table);
    void select(std::string const& table);
    void select_none() { block_ = nullptr; }
    bool selected() const { return block_ != nullptr; }
    bool empty() const { return blocks_.empty(); }

    // ":INPUT DROP [0:0]"; the policy "-" is none.
    void declare(std::string const& chain, Span span, std::string const& policy, Span policy_span);
    // False where iptables would fail.
    bool run(Command const& command, CommandText const& text);
    // Whether -C would find the rule.
    bool has(Command const& command, CommandText const& text);
    // Whether the number that the command says counts rules that may not be there.
    bool conditional_before(Command const& command);
    // Whether a command other than -A and -I would make a difference now.
    bool would_change(Command const& command, CommandText const& text);

    // What the rule of the command means in the selected table, as it is now.
    std::vector<Rule> meaning(Command const& command, CommandText const& text);
    // Whether there is neither a rule nor a chain of the user's, so that nothing can be taken away.
    bool bare() const;

    // The chains that stand now, with the errors of their rules in `findings`.
    void lower(std::vector<Chain>& out, Findings& findings);

  private:
    struct Entry {
        Command const* command;
        CommandText const* text;
    };
    struct ChainState {
        std::string name;
        Span span;
        Verdict policy = Accept{};
        bool explicit_policy = false;
        Span policy_span;
        bool deleted = false;
        std::deque<Entry> rules; // -I prepends
    };
    // One `*table … COMMIT` block, or a live table.
    struct Block {
        std::string table;
        std::deque<ChainState> chains;
        std::unordered_map<std::string_view, ChainId> by_name; // positions in `chains`
        std::unordered_map<std::string, ChainId> former_names;
        std::unordered_map<std::string, std::size_t> jumps; // how many rules say the name; of live tables
        // Rules that later commands took away, and their chain.
        std::vector<std::pair<Entry, ChainId>> retired;
        bool replaced = false;   // by a later block of the same table
        Block* former = nullptr; // … and that earlier block

        ChainState* find(std::string_view name) {
            auto const found = by_name.find(name);
            return found == by_name.end() ? nullptr : &chains[found->second];
        }
    };
    using Ids = std::unordered_map<std::string_view, ChainId>;

    bool live() const { return mode_ == Mode::live; }
    bool error(Span span, std::string text);
    bool undefined(char const* kind, Span span, std::string name);
    bool built_in(std::string_view chain) const;

    ChainState& make(std::string const& name, Span span);
    ChainState* require(Command const& command, CommandText const& text);
    bool set_policy(ChainState& chain, std::string const& policy, Span span);
    void redeclared(ChainState const& chain, Span former);
    void retire(ChainState const& chain, Entry const& rule);
    void enter(Entry const& rule);
    void leave(Entry const& rule);

    bool for_chains(Command const& command, CommandText const& text,
                    std::function<bool(ChainState&)> const& action);
    bool flush(ChainState& chain);
    bool affordable(Span span, std::size_t steps);
    std::optional<std::size_t> place(Command const& command, CommandText const& text, ChainState const& chain,
                                     std::size_t size);
    bool acceptable(Entry const& rule, ChainState const& chain);
    bool append(Entry const& rule);
    bool insert(Entry const& rule);
    bool remove(Entry const& rule);
    bool replace(Entry const& rule);
    bool new_chain(Command const& command, CommandText const& text);
    bool delete_chains(Command const& command, CommandText const& text);
    bool rename(Command const& command, CommandText const& text);
    bool is_jumped_to(std::string_view name) const;

    RuleContext context_of(Block const& block, ChainState const& chain, File const& file, Ids const& ids,
                           Findings& findings) const;
    bool lower_entry(Entry const& rule, RuleContext const& context, std::uint32_t origin,
                     std::vector<Rule>& out) const;
    std::size_t key_of(Entry const& rule, ChainState const& chain);
    std::deque<Entry>::iterator find_rule(Entry const& rule, ChainState& chain);
    void lower(Block const& block, std::vector<Chain>& out, Findings& findings);

    Family family_;
    Mode mode_;
    Findings& findings_;
    std::list<Block> blocks_;
    std::map<std::string, Block*> current_; // the last block of each table
    Block* block_ = nullptr;
    SetUse* sets_ = nullptr;
    std::size_t steps_ = 0;
    std::unordered_map<Command const*, std::size_t> keys_;
};

// NETMAP changes the destination before routing and the source behind it (xt_NETMAP.c): in a chain of one's own, as those do
// that call it. PC002 where they stand on both sides.
void settle_netmaps(Ruleset& ruleset, Findings& findings);
// What targets such as TTL and DNPT write, where other rules ask for it.
void report_written_fields(Ruleset const& ruleset, Findings& findings);

} // namespace portcullis::iptables
