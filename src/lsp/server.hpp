// A language server (LSP 3.17) for configurations of firewalls, without the stream that it talks through. One thread hands
// it messages; texts are looked at by one other, and questions about them answered by a third, so that no message waits
// for either.
#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "lsp/client.hpp"
#include "lsp/dispatcher.hpp"
#include "lsp/snapshot.hpp"
#include "lsp/worker.hpp"

namespace portcullis::lsp {

class Server {
  public:
    // `send` gets one message at a time, from several threads. A text is looked at when it has not changed for `pause`.
    Server(Surroundings around, std::string version, Dispatcher::Send send,
           std::chrono::milliseconds pause = std::chrono::milliseconds(200));
    ~Server();
    Server(Server const&) = delete;
    Server& operator=(Server const&) = delete;

    // One message; throws nothing.
    void handle(std::string_view body);
    // Says that what came was no message.
    void refuse(std::string_view why);
    // After the notification exit; nothing is handled any more.
    bool ended() const { return ended_; }
    // 0 where a shutdown came before the end, else 1.
    int exit_code() const { return shut_down_ ? 0 : 1; }
    // Waits until all texts are looked at and all questions answered.
    void finish();

  private:
    struct Open {
        std::shared_ptr<Snapshot const> snapshot;
        std::stop_source overtaken{}; // of the snapshot
        std::optional<std::set<std::string>> reads; // other files that it was made of; none: not known yet
    };
    using Question = Json (*)(Snapshot const& snapshot, Json const& params, Client const& client);

    void register_methods();
    void check_state(Message const& message) const;
    Json initialize(Json const& params);
    void initialized();
    void ask(Question question, Json const& id, Json const& params);
    void cancel(Json const& params);

    void changed(Document const& document, bool at_once);
    void closed(Document const& document);
    void look_again(Document const& document, std::chrono::milliseconds pause);
    void look_again_at_all();
    void look(std::shared_ptr<Snapshot const> const& snapshot);
    bool is_current(Snapshot const& snapshot) const; // with the lock held
    void publish(std::string const& owner, std::optional<std::int64_t> version, std::map<std::string, Json>&& diagnostics);
    void send(std::string const& body);

    std::shared_ptr<Surroundings const> around_;
    std::string version_;
    std::chrono::milliseconds pause_;
    Dispatcher::Send send_;
    std::mutex sending_;
    Dispatcher dispatcher_;
    Client client_; // does not change once a text is open
    bool initialized_ = false;
    bool shut_down_ = false;
    bool ended_ = false;
    Documents documents_;

    mutable std::mutex mutex_; // of what follows
    std::map<std::string, Open> open_;                                   // by URI
    std::map<std::string, std::map<std::string, Json>> published_;       // by the URI they are of, and the document they are from

    Worker analyst_;  // the last members: their threads use the others
    Worker answerer_;
};

} // namespace portcullis::lsp
