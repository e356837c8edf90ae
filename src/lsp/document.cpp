#include "lsp/document.hpp"

#include <charconv>
#include <fmt/format.h>

namespace portcullis::lsp {

namespace {

constexpr std::string_view file_scheme = "file://";

// With a percent sign that is followed by no two digits as it is.
std::string percent_decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned char byte = 0;
        bool const escape = text[i] == '%' && i + 2 < text.size() &&
                            std::from_chars(&text[i + 1], &text[i + 1] + 2, byte, 16).ptr == &text[i + 1] + 2;
        result += escape ? static_cast<char>(byte) : text[i];
        if (escape) i += 2;
    }
    return result;
}

std::int64_t version_in(Json const& params) {
    Json const& version = member(params, "textDocument.version");
    return version.is_number_integer() ? version.get<std::int64_t>() : 0;
}

} // namespace

std::string path_of_uri(std::string_view uri) {
    if (!uri.starts_with(file_scheme)) return std::string(uri);
    uri.remove_prefix(file_scheme.size());
    uri = uri.substr(std::min(uri.find('/'), uri.size())); // a host, which is this one
    return percent_decoded(uri);
}

std::string changed(std::string_view text, Json const& change, Encoding encoding) {
    std::string fresh = string_member(change, "text");
    if (!change.contains("range") || change["range"].is_null()) return fresh;
    Lines const lines(text);
    std::size_t const begin = lines.offset_of(position_in(member(change, "range.start")), encoding);
    std::size_t const end = lines.offset_of(position_in(member(change, "range.end")), encoding);
    if (end < begin) throw RequestError(ErrorCode::invalid_params, "a range ends before it begins");
    std::string result;
    result.reserve(text.size() - (end - begin) + fresh.size());
    result.append(text.substr(0, begin)).append(fresh).append(text.substr(end));
    return result;
}

Document& Documents::open(Json const& params) {
    Document document;
    document.uri = string_member(params, "textDocument.uri");
    document.path = path_of_uri(document.uri);
    document.language = string_member(params, "textDocument.languageId");
    document.version = version_in(params);
    document.text = std::make_shared<std::string const>(string_member(params, "textDocument.text"));
    return documents_.insert_or_assign(document.uri, std::move(document)).first->second;
}

Document& Documents::change(Json const& params, Encoding encoding) {
    Document& document = required(params);
    Json const& changes = member(params, "contentChanges");
    if (!changes.is_array()) throw RequestError(ErrorCode::invalid_params, "contentChanges has to be an array");
    std::string text = *document.text;
    for (Json const& change : changes) text = changed(text, change, encoding);
    document.text = std::make_shared<std::string const>(std::move(text));
    document.version = version_in(params);
    return document;
}

Document Documents::close(Json const& params) {
    Document document = std::move(required(params));
    documents_.erase(document.uri);
    return document;
}

Document* Documents::find(std::string_view uri) {
    auto const found = documents_.find(uri);
    return found == documents_.end() ? nullptr : &found->second;
}

Document& Documents::required(Json const& params) {
    std::string const uri = string_member(params, "textDocument.uri");
    Document* const document = find(uri);
    if (document == nullptr) throw RequestError(ErrorCode::invalid_params, fmt::format("{} is not open", uri));
    return *document;
}

OpenTexts Documents::texts() const {
    OpenTexts texts;
    for (auto const& [uri, document] : documents_) texts.emplace(document.path, OpenText{uri, document.text});
    return texts;
}

} // namespace portcullis::lsp
