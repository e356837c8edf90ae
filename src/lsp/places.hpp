// Spans of the sources of a snapshot, as the protocol writes them.
#pragma once
#include <map>

#include "lsp/snapshot.hpp"

namespace portcullis::lsp {

class Places {
  public:
    Places(Snapshot const& snapshot, Encoding encoding) : snapshot_(snapshot), encoding_(encoding) {}

    std::string uri(SourceId source) const;
    Json range(Span span);
    Json location(Span span) { return {{"uri", uri(span.source)}, {"range", range(span)}}; }
    std::uint32_t line(Span span); // from 1, where it begins

  private:
    Lines const& lines(SourceId source);

    Snapshot const& snapshot_;
    Encoding encoding_;
    std::map<SourceId, Lines> lines_; // of other texts
};

// The edits that make another text of this one, as few lines as that takes.
Json text_edits(Lines const& before, std::string_view after, Encoding encoding);

} // namespace portcullis::lsp
