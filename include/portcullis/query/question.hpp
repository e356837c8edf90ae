// Questions about a firewall as people write them: "allowed from lan to self ssh state new path to-host".
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/catalogue/config.hpp"
#include "portcullis/query/service_words.hpp"

namespace portcullis {

struct Question {
    enum class Verb : std::uint8_t { allowed, denied };

    // Sources or destinations.
    struct Place {
        enum class Kind : std::uint8_t {
            any,
            self,     // the box
            internet, // addresses and interfaces that nobody vouches for
            zone,     // of the configuration
            network,
        };
        Kind kind = Kind::any;
        bool excluded = false;   // it had a leading "!"
        Family family{};         // of a network
        IntervalSet addresses{}; // of a network
        std::string zone{};      // its name
    };
    // A name, or "eth*" for all that begin so.
    struct Interface {
        std::string pattern;
        bool excluded = false;
    };

    std::string text; // the whole of it, as it was written
    Verb verb = Verb::allowed;
    std::vector<Place> from; // none: any
    std::vector<Place> to;
    std::vector<ServiceWord> services; // none: any
    std::vector<Interface> in;         // none: any
    std::vector<Interface> out;
    // Values of Field::ct_state; none: new.
    std::optional<IntervalSet> states;
    std::string path; // "to-host", "through", "from-host", or an access list; empty: those that the question is about
};

struct ParsedQuestion {
    std::optional<Question> question;
    std::string error;      // where there is none: a sentence with the column, what was found and what was expected
};

// At most this many bytes.
constexpr std::size_t longest_question = 4096;

// "allowed" or "denied", then in any order, each at most once: from PLACES, to PLACES, SERVICES, in INTERFACES, out
// INTERFACES, state STATES, path PATH. All but the path are lists separated by commas; "!" takes out.
ParsedQuestion parse_question(std::string_view text, Config const& config);
// The same without the verb.
ParsedQuestion parse_phrase(std::string_view text, Config const& config);

} // namespace portcullis
