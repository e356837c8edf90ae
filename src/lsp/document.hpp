// The texts that the editor has open, as it says they are.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "lsp/positions.hpp"

namespace portcullis::lsp {

// The path of a file: URI, percent-decoded; any other URI as it is.
std::string path_of_uri(std::string_view uri);

struct Document {
    std::string uri;
    std::string path;
    std::string language; // as the editor calls it
    std::int64_t version = 0;
    std::shared_ptr<std::string const> text = std::make_shared<std::string const>();
};

// Open texts by path: they go before what is on disk.
struct OpenText {
    std::string uri; // as the editor spells it
    std::shared_ptr<std::string const> text;
};
using OpenTexts = std::map<std::string, OpenText, std::less<>>;

// The text after one TextDocumentContentChangeEvent: all of it is new, or the range is. RequestError for anything else.
std::string changed(std::string_view text, Json const& change, Encoding encoding);

class Documents {
  public:
    // All take the protocol's params, and throw RequestError where these say nothing sensible.
    Document& open(Json const& params);
    Document& change(Json const& params, Encoding encoding);
    Document close(Json const& params);

    Document* find(std::string_view uri);
    std::map<std::string, Document, std::less<>> const& all() const { return documents_; }
    OpenTexts texts() const;

  private:
    Document& required(Json const& params);
    std::map<std::string, Document, std::less<>> documents_; // by URI
};

} // namespace portcullis::lsp
