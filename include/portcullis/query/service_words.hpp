// Services as people name them in questions: "ssh", "tcp/8000-8100", "icmp", "any".
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/catalogue/catalogue.hpp"
#include "portcullis/engine/packet_set.hpp"

namespace portcullis {

struct ServiceWord {
    std::string text;           // as it was written, without the "!"
    bool excluded = false;      // it had one
    std::vector<Match> matches; // packets to the service match one of them
};

struct ParsedService {
    ServiceWord word;
    std::string error; // instead: what was expected, with a "did you mean"; the text is not repeated in it
};

// A name or alias of the catalogue; a protocol, by itself or as "tcp/80", "tcp/80-90" and, where it is icmp or icmpv6, with a
// name or number of a type; or "any". A leading "!" takes it out.
ParsedService parse_service(std::string_view text, Catalogue const& catalogue);

// Packets to one of the services: of those without "!", or of all where there are none, without those with it.
PacketSet to_services(Space& space, std::vector<ServiceWord> const& words);

} // namespace portcullis
