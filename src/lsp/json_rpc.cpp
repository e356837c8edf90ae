#include "lsp/json_rpc.hpp"

#include <fmt/format.h>

namespace portcullis::lsp {

namespace {

std::string text_of(Json const& message) { return message.dump(-1, ' ', false, Json::error_handler_t::replace); }

[[noreturn]] void refuse(std::string const& what) { throw RequestError(ErrorCode::invalid_request, what); }

// No client nests as deep. Values are copied and written by functions that call themselves for each level.
constexpr std::size_t deepest = 200;

// Whatever is wrong with it besides.
bool nests_too_deep(std::string_view json) {
    std::size_t depth = 0;
    bool in_text = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        char const c = json[i];
        if (c == '"') in_text = !in_text;
        else if (in_text) i += c == '\\' ? 1 : 0;
        else if (c == '[' || c == '{') ++depth;
        else if ((c == ']' || c == '}') && depth > 0) --depth;
        if (depth > deepest) return true;
    }
    return false;
}

} // namespace

Message parse_message(std::string_view body) {
    if (nests_too_deep(body)) throw RequestError(ErrorCode::invalid_request, fmt::format("the message nests more than {} deep", deepest));
    Json json = Json::parse(body, nullptr, false);
    if (json.is_discarded()) throw RequestError(ErrorCode::parse_error, "the message is not JSON");
    if (!json.is_object()) refuse("a message has to be an object");
    if (member(json, "jsonrpc") != "2.0") refuse("jsonrpc has to be \"2.0\"");
    Message message;
    message.id = member(json, "id");
    bool const has_id = json.contains("id");
    bool const is_response = json.contains("result") || json.contains("error");
    if (has_id && !message.id.is_number_integer() && !message.id.is_string() && !(is_response && message.id.is_null()))
        refuse("an id has to be an integer or a string");
    message.kind = is_response ? Message::Kind::response : has_id ? Message::Kind::request : Message::Kind::notification;
    if (is_response) return message;
    Json const& method = member(json, "method");
    if (!method.is_string()) refuse("a message needs a method");
    message.method = method.get<std::string>();
    message.params = std::move(json["params"]);
    return message;
}

std::string result_message(Json const& id, Json result) {
    return text_of({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}});
}

std::string error_message(Json const& id, ErrorCode code, std::string_view what) {
    return text_of({{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", static_cast<int>(code)}, {"message", what}}}});
}

std::string notification(std::string_view method, Json params) {
    return text_of({{"jsonrpc", "2.0"}, {"method", method}, {"params", std::move(params)}});
}

std::string request(Json const& id, std::string_view method, Json params) {
    return text_of({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}});
}

Json const& member(Json const& value, std::string_view path) {
    static Json const nothing;
    Json const* at = &value;
    while (!path.empty()) {
        std::string const name(path.substr(0, path.find('.')));
        path.remove_prefix(std::min(path.size(), name.size() + 1));
        if (!at->is_object()) return nothing;
        auto const found = at->find(name);
        if (found == at->end()) return nothing;
        at = &*found;
    }
    return *at;
}

std::string string_member(Json const& value, std::string_view path) {
    Json const& text = member(value, path);
    if (!text.is_string()) throw RequestError(ErrorCode::invalid_params, fmt::format("{} has to be a string", path));
    return text.get<std::string>();
}

bool flag(Json const& value, std::string_view path) {
    Json const& held = member(value, path);
    return held.is_boolean() && held.get<bool>();
}

} // namespace portcullis::lsp
