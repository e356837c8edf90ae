#include "lsp/dispatcher.hpp"

#include <fmt/format.h>

#include "portcullis/base/visible.hpp"
#include "portcullis/engine/budget.hpp"

namespace portcullis::lsp {

namespace {

// Runs it; the error that it ended with, where it did.
template <class Function> std::optional<RequestError> error_of(Function const& function) {
    try {
        function();
        return std::nullopt;
    } catch (RequestError const& e) {
        return e;
    } catch (Stopped const&) {
        return RequestError(ErrorCode::content_modified, "the text has changed");
    } catch (Json::exception const& e) {
        return RequestError(ErrorCode::invalid_params, e.what());
    } catch (std::exception const& e) {
        return RequestError(ErrorCode::internal_error, e.what());
    }
}

} // namespace

void Dispatcher::on_request(std::string method, std::function<Json(Json const& params)> handler) {
    on_request(std::move(method), Request([this, handler = std::move(handler)](Json const& id, Json const& params) {
                   send_(result_message(id, handler(params)));
               }));
}

void Dispatcher::answer(Json const& id, Work const& work) const {
    Json result;
    if (auto const error = error_of([&] { result = work(); }))
        send_(error_message(id, error->code, error->what()));
    else
        send_(result_message(id, std::move(result)));
}

// Nobody waits for an answer, but whoever looks for what went wrong reads the log.
void Dispatcher::notice(Message const& message, Notification const& handler) const {
    auto const error = error_of([&] { handler(message.params); });
    if (!error) return;
    std::string const text = fmt::format("portcullis: {}: {}", message.method, visible(error->what()));
    send_(notification("window/logMessage", {{"type", error_message_type}, {"message", text}}));
}

void Dispatcher::dispatch(std::string_view body) const {
    Message message;
    if (auto const error = error_of([&] { message = parse_message(body); }))
        return send_(error_message(nullptr, error->code, error->what()));
    if (message.kind == Message::Kind::response) return;
    auto const error = error_of([&] {
        if (gate_) gate_(message);
        if (message.kind == Message::Kind::notification) {
            auto const handler = notifications_.find(message.method);
            if (handler != notifications_.end()) notice(message, handler->second);
            return;
        }
        auto const handler = requests_.find(message.method);
        if (handler == requests_.end())
            throw RequestError(ErrorCode::method_not_found,
                               fmt::format("there is no method '{}'", visible(shortened(message.method, 60))));
        handler->second(message.id, message.params);
    });
    if (error && message.kind == Message::Kind::request) send_(error_message(message.id, error->code, error->what()));
}

} // namespace portcullis::lsp
