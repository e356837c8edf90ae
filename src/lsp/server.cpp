#include "lsp/server.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "lsp/code_actions.hpp"
#include "lsp/diagnostics.hpp"
#include "lsp/formatting.hpp"
#include "lsp/hover.hpp"
#include "lsp/navigation.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/engine/budget.hpp"

namespace portcullis::lsp {

namespace {

// More questions than these do not wait: whoever asks faster than that does not read the answers.
constexpr std::size_t most_questions = 1000;

std::string key_of(Json const& id) { return id.dump(-1, ' ', false, Json::error_handler_t::replace); }

} // namespace

Server::Server(Surroundings around, std::string version, Dispatcher::Send send, std::chrono::milliseconds pause)
    : around_(std::make_shared<Surroundings const>(std::move(around))), version_(std::move(version)), pause_(pause),
      send_(std::move(send)), dispatcher_([this](std::string const& body) { this->send(body); }) {
    register_methods();
}

// What is worked on still is waited for.
Server::~Server() {
    std::lock_guard const lock(mutex_);
    for (auto& [uri, open] : open_) open.overtaken.request_stop();
}

void Server::send(std::string const& body) {
    std::lock_guard const lock(sending_);
    send_(body);
}

void Server::handle(std::string_view body) {
    if (!ended_) dispatcher_.dispatch(body);
}

void Server::refuse(std::string_view why) { send(error_message(nullptr, ErrorCode::parse_error, why)); }

void Server::finish() {
    analyst_.finish();
    answerer_.finish();
}

// ---- messages

void Server::register_methods() {
    Dispatcher& on = dispatcher_;
    on.before_each([this](Message const& message) { check_state(message); });
    on.on_request("initialize", [this](Json const& params) { return initialize(params); });
    on.on_request("shutdown", [this](Json const&) {
        shut_down_ = true;
        return Json();
    });
    on.on_notification("initialized", [this](Json const&) { initialized(); });
    on.on_notification("exit", [this](Json const&) { ended_ = true; });
    on.on_notification("$/cancelRequest", [this](Json const& params) { cancel(params); });

    on.on_notification("textDocument/didOpen", [this](Json const& params) { changed(documents_.open(params), true); });
    on.on_notification("textDocument/didChange",
                       [this](Json const& params) { changed(documents_.change(params, client_.encoding), false); });
    on.on_notification("textDocument/didClose", [this](Json const& params) { closed(documents_.close(params)); });
    on.on_notification("textDocument/didSave", [this](Json const&) { look_again_at_all(); });
    on.on_notification("workspace/didChangeWatchedFiles", [this](Json const&) { look_again_at_all(); });

    auto const question = [&](char const* method, Question answer) {
        on.on_request(method,
                      Dispatcher::Request([this, answer](Json const& id, Json const& params) { ask(answer, id, params); }));
    };
    question("textDocument/hover", hover);
    question("textDocument/definition", definition);
    question("textDocument/references", references);
    question("textDocument/documentHighlight", highlights);
    question("textDocument/codeAction", code_actions);
    question("textDocument/documentSymbol",
             [](Snapshot const& snapshot, Json const&, Client const& client) { return document_symbols(snapshot, client); });
    question("textDocument/foldingRange",
             [](Snapshot const& snapshot, Json const&, Client const&) { return folding_ranges(snapshot); });
    question("textDocument/formatting",
             [](Snapshot const& snapshot, Json const&, Client const& client) { return formatting(snapshot, client); });
}

void Server::check_state(Message const& message) const {
    if (message.method == "exit") return;
    if (!initialized_ && message.method != "initialize")
        throw RequestError(ErrorCode::server_not_initialized, "initialize comes first");
    if (initialized_ && message.method == "initialize") throw RequestError(ErrorCode::invalid_request, "initialize comes once");
    if (shut_down_) throw RequestError(ErrorCode::invalid_request, "the server is shut down; exit comes next");
}

Json Server::initialize(Json const& params) {
    client_ = client_of(params);
    initialized_ = true;
    Json capabilities{{"positionEncoding", to_string(client_.encoding)},
                      {"textDocumentSync", {{"openClose", true}, {"change", 2}, {"save", true}}},
                      {"hoverProvider", true},
                      {"definitionProvider", true},
                      {"referencesProvider", true},
                      {"documentHighlightProvider", true},
                      {"documentSymbolProvider", true},
                      {"foldingRangeProvider", true},
                      {"documentFormattingProvider", true},
                      {"codeActionProvider", {{"codeActionKinds", {"quickfix", fix_all_kind}}}}};
    return {{"capabilities", std::move(capabilities)}, {"serverInfo", {{"name", "portcullis"}, {"version", version_}}}};
}

// What texts are read with changes on disk too.
void Server::initialized() {
    if (!client_.watches_files) return;
    Json watchers = Json::array();
    for (char const* pattern : {"**/portcullis.toml", "**/.portcullis-baseline.json", "**/*.nft", "**/*.ipset", "**/ipset*"})
        watchers.push_back({{"globPattern", pattern}});
    Json registration{
        {"id", "files"}, {"method", "workspace/didChangeWatchedFiles"}, {"registerOptions", {{"watchers", std::move(watchers)}}}};
    send(request("portcullis-files", "client/registerCapability", {{"registrations", Json::array({std::move(registration)})}}));
}

void Server::ask(Question question, Json const& id, Json const& params) {
    std::shared_ptr<Snapshot const> snapshot;
    {
        std::string const uri = string_member(params, "textDocument.uri");
        std::lock_guard const lock(mutex_);
        auto const found = open_.find(uri);
        if (found == open_.end())
            throw RequestError(ErrorCode::invalid_params, fmt::format("{} is not open", visible(shortened(uri, 200))));
        snapshot = found->second.snapshot;
    }
    if (answerer_.waiting() >= most_questions)
        throw RequestError(ErrorCode::request_failed, "too many requests wait for their answers");
    std::string const key = key_of(id);
    if (answerer_.drop(key))
        send(error_message(id, ErrorCode::invalid_request, "the id of a request that waited was used again"));
    answerer_.add(key, [this, question, id, params, snapshot] {
        dispatcher_.answer(id, [&] { return question(*snapshot, params, client_); });
    });
}

// What is worked on already is answered.
void Server::cancel(Json const& params) {
    Json const& id = member(params, "id");
    if (answerer_.drop(key_of(id))) send(error_message(id, ErrorCode::request_cancelled, "cancelled"));
}

// ---- texts

void Server::changed(Document const& document, bool at_once) {
    look_again(document, at_once ? std::chrono::milliseconds(0) : pause_);
    std::vector<Document const*> others;
    {
        std::lock_guard const lock(mutex_);
        for (auto const& [uri, other] : documents_.all()) {
            auto const known = open_.find(uri);
            bool const reads = known == open_.end() || !known->second.reads || known->second.reads->contains(document.path);
            if (uri != document.uri && reads) others.push_back(&other);
        }
    }
    for (Document const* other : others) look_again(*other, pause_);
}

void Server::closed(Document const& document) {
    analyst_.drop(document.uri);
    {
        std::lock_guard const lock(mutex_);
        open_[document.uri].overtaken.request_stop();
        open_.erase(document.uri);
        publish(document.uri, std::nullopt, {});
    }
    look_again_at_all(); // others may include it: from now on, what is on disk
}

void Server::look_again_at_all() {
    for (auto const& [uri, document] : documents_.all()) look_again(document, pause_);
}

void Server::look_again(Document const& document, std::chrono::milliseconds pause) {
    std::stop_source overtaken;
    auto const snapshot = std::make_shared<Snapshot const>(around_, document, documents_.texts(), overtaken.get_token());
    {
        std::lock_guard const lock(mutex_);
        Open& open = open_[document.uri];
        open.overtaken.request_stop();
        open.overtaken = std::move(overtaken);
        open.snapshot = snapshot;
    }
    analyst_.add(document.uri, [this, snapshot] { look(snapshot); }, pause);
}

// By the analyst. What an edit overtakes is neither worked out to the end nor told.
void Server::look(std::shared_ptr<Snapshot const> const& snapshot) {
    try {
        auto diagnostics = diagnostics_by_uri(*snapshot, client_);
        std::set<std::string> reads = snapshot->other_files();
        std::lock_guard const lock(mutex_);
        if (!is_current(*snapshot)) return;
        open_[snapshot->document().uri].reads = std::move(reads);
        publish(snapshot->document().uri, snapshot->document().version, std::move(diagnostics));
    } catch (Stopped const&) { // a newer one is looked at next
    } catch (std::exception const& e) {
        std::string const message = fmt::format("portcullis: {}: {}", visible(snapshot->document().path), visible(e.what()));
        send(notification("window/showMessage", {{"type", error_message_type}, {"message", message}}));
    }
}

bool Server::is_current(Snapshot const& snapshot) const {
    auto const found = open_.find(snapshot.document().uri);
    return found != open_.end() && found->second.snapshot.get() == &snapshot;
}

// The diagnostics of a text are those that any open document has for it: a file that two of them include has both's.
void Server::publish(std::string const& owner, std::optional<std::int64_t> version, std::map<std::string, Json>&& diagnostics) {
    std::set<std::string> touched{owner};
    for (auto& [uri, by_owner] : published_)
        if (by_owner.erase(owner) > 0) touched.insert(uri);
    for (auto& [uri, list] : diagnostics) {
        touched.insert(uri);
        published_[uri][owner] = std::move(list);
    }
    for (std::string const& uri : touched) {
        Json all = Json::array();
        std::set<std::string> told;
        for (auto const& [from, list] : published_[uri])
            for (Json const& diagnostic : list)
                if (told.insert(key_of(diagnostic)).second) all.push_back(diagnostic);
        if (published_[uri].empty()) published_.erase(uri);
        Json params{{"uri", uri}, {"diagnostics", std::move(all)}};
        if (client_.versions && version && uri == owner) params["version"] = *version;
        send(notification("textDocument/publishDiagnostics", std::move(params)));
    }
}

} // namespace portcullis::lsp
