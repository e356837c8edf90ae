// JSON-RPC 2.0 as LSP 3.17 uses it: what one message is, and how one is answered.
#pragma once
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace portcullis::lsp {

using Json = nlohmann::json;

enum class ErrorCode : int {
    parse_error = -32700,
    invalid_request = -32600,
    method_not_found = -32601,
    invalid_params = -32602,
    internal_error = -32603,
    server_not_initialized = -32002,
    request_failed = -32803,
    request_cancelled = -32800,
    content_modified = -32801,
};

constexpr int error_message_type = 1; // LSP 3.17, MessageType

// Ends the work on a request: the answer is this error.
struct RequestError : std::runtime_error {
    RequestError(ErrorCode error_code, std::string const& what) : std::runtime_error(what), code(error_code) {}
    ErrorCode code;
};

struct Message {
    enum class Kind { request, notification, response };
    Kind kind = Kind::notification;
    Json id; // a number or a string; of a request or response
    std::string method;
    Json params; // null, an object or an array
};

// RequestError for what is no message: no JSON, or JSON of another form.
Message parse_message(std::string_view body);

// Messages as text; bytes that are not UTF-8 become replacement characters.
std::string result_message(Json const& id, Json result);
std::string error_message(Json const& id, ErrorCode code, std::string_view what);
std::string notification(std::string_view method, Json params);
std::string request(Json const& id, std::string_view method, Json params);

// A member of an object by its path, "textDocument.hover.contentFormat"; null where there is none.
Json const& member(Json const& value, std::string_view path);
// The same as a value of the type; RequestError invalid_params where it is missing or of another one.
std::string string_member(Json const& value, std::string_view path);
bool flag(Json const& value, std::string_view path); // false where it is missing

} // namespace portcullis::lsp
