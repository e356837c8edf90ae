// What rules write into a packet: addresses, ports, the TTL. The model knows translations and marks; that a rule which
// decides may ask for a field that another one has written is told, since the analysis would be wrong about it.
#pragma once
#include <optional>
#include <vector>

#include "portcullis/model/finding.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis {

struct WrittenField {
    std::optional<Field> field; // none: some bytes, which may be any
    std::string text;           // of the statement
    Span span;
};

// PC002 for each that some rule asks for which decides, or sets what others ask for.
void report_written_fields(std::vector<WrittenField> const& written, Ruleset const& ruleset, Findings& findings);

} // namespace portcullis
