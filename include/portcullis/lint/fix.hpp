// Mends a text: the safe fixes of its findings, applied together and proved to change the fate of no packet.
#pragma once
#include <optional>
#include <string>

#include "portcullis/dialect/read.hpp"
#include "portcullis/lint/lint.hpp"

namespace portcullis {

struct Mended {
    std::string text;
    std::size_t fixes = 0; // that were applied; the text is the old one where there is none
};

// Applies the safe fixes of the source's own findings, and those of what is found then, until there is none. The mended
// text is read again, has no errors that the old one had not, and is compared with the old one by the engine;
// std::logic_error where a fix that calls itself safe is not. Sources are added for the check. A text that was not
// understood whole is left alone.
Mended mend(std::shared_ptr<Sources> const& sources, SourceId source, Dialect dialect, ReadOptions const& read_options,
            LintOptions const& options);

// The text with one fix of its source applied, where that is proved in the same way; nothing where it is not.
std::optional<std::string> mended_by(std::shared_ptr<Sources> const& sources, SourceId source, Dialect dialect,
                                     ReadOptions const& read_options, Fix const& fix);

// The piece that an edit without text takes away: of a dialect of lines, the lines that it stands on; in nft, the
// statement with what separates it from its neighbours, or with its line where it has none. Nothing where the piece is
// only a part of a statement.
std::optional<Span> removed_span(Source const& source, Span span, Dialect dialect);

} // namespace portcullis
