// Whether all that a finding is about lies inside traffic that a [[waive]] names by a phrase of the query language. It is decided by sets of
// packets, and where nothing is known of them the answer is no:
//
// - a finding whose witness is let in by a permit is about the new connections from where nobody is trusted that pass because of it, and with a
//   service, of those the ones to its ports;
// - any other finding at a rule is about all packets that its text matches, of the states that the phrase names;
// - findings elsewhere, at a set or an interface, are about no packets that anybody knows.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "lint/context.hpp"
#include "query/asked.hpp"

namespace portcullis {

class WaivedTraffic {
  public:
    WaivedTraffic(Ruleset const& ruleset, Sources const& sources, LintOptions const& options) : ruleset_(ruleset), sources_(sources), options_(options) {}

    bool covers(std::string const& phrase, Finding const& finding);

  private:
    struct Part {
        Path path;
        PacketSet packets;
    };

    Context& context();
    std::vector<Part> exposed(Finding const& finding);
    std::vector<Part> matched(Finding const& finding, std::vector<Asked> const& asked);
    std::vector<Asked> const& asked_by(std::string const& phrase);

    Ruleset const& ruleset_;
    Sources const& sources_;
    LintOptions const& options_;
    std::unique_ptr<Context> context_; // made when first asked: most files have no such waiver
    std::map<std::string, std::vector<Asked>> asked_;
};

} // namespace portcullis
