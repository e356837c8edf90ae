// Which function a message is for, and what becomes of mistakes: every request is answered once, with a result or an error.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "lsp/json_rpc.hpp"

namespace portcullis::lsp {

class Dispatcher {
  public:
    using Send = std::function<void(std::string const& body)>;
    using Work = std::function<Json()>;
    // Answers later, or throws: then the answer is the error.
    using Request = std::function<void(Json const& id, Json const& params)>;
    using Notification = std::function<void(Json const& params)>;

    explicit Dispatcher(Send send) : send_(std::move(send)) {}

    void on_request(std::string method, Request handler) { requests_[std::move(method)] = std::move(handler); }
    // … that is answered at once.
    void on_request(std::string method, std::function<Json(Json const& params)> handler);
    void on_notification(std::string method, Notification handler) { notifications_[std::move(method)] = std::move(handler); }
    // Asked before every message: throws RequestError where it has no place now.
    void before_each(std::function<void(Message const&)> gate) { gate_ = std::move(gate); }

    // Throws nothing. Notifications that nobody knows or that come at the wrong time are dropped, as are responses; those that
    // are wrong are a line in the editor's log.
    void dispatch(std::string_view body) const;
    // Sends the result of the work, or the error that it ends with.
    void answer(Json const& id, Work const& work) const;

  private:
    void notice(Message const& message, Notification const& handler) const;

    Send send_;
    std::function<void(Message const&)> gate_;
    std::map<std::string, Request> requests_;
    std::map<std::string, Notification> notifications_;
};

} // namespace portcullis::lsp
