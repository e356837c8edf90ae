// iptables-save and ip6tables-save files as a Ruleset: the file's commands are run, as iptables-restore would run
// them on an empty machine, and what stands then is lowered.
#pragma once
#include "dialect/iptables_tables.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/model/finding.hpp"

namespace portcullis {
namespace iptables {

// What iptables-restore does with a file.
class Restore {
  public:
    enum class Flush { yes, no }; // --noflush: the tables keep what they have
    Restore(Tables& tables, Findings& findings, Flush flush = Flush::yes)
        : tables_(tables), findings_(findings), no_flush_(flush == Flush::no) {}
    // The text must live as long as the tables.
    void run(CommandText const& text);

  private:
    void run(TableStart const& start, CommandText const& text);
    void run(Commit const& commit, CommandText const& text);
    void run(ChainDeclaration const& declaration, CommandText const& text);
    void run(Command const& command, CommandText const& text);
    void error(CommandText const& text, Span span, std::string why, char const* rule = "PC001");
    bool outside(CommandText const& text, Span span);

    Tables& tables_;
    Findings& findings_;
    bool no_flush_;
    bool bare_ = false; // lines of commands without any table
};

// Where rules load the old match `state`; and PC504 for all of them at once, since mostly all rules of a text are of one
// age. `spans` is not empty.
std::vector<Span> state_matches(File const& file);
Finding& report_state_matches(std::vector<Span> const& spans, Findings& findings);

} // namespace iptables

// For Dialect::iptables and Dialect::ip6tables.
Reading read_iptables(Sources const& sources, SourceId source, Dialect dialect, ReadOptions const& options = {});

} // namespace portcullis
