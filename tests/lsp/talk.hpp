// A client in the same process: what a server says to it, and the requests that it makes.
#pragma once
#include <catch2/catch.hpp>
#include <fnmatch.h>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "lsp/server.hpp"

namespace portcullis::lsp {

// Files by path, instead of those of a disk.
struct Files {
    std::map<std::string, std::string> texts;
    Config config;
};

inline Surroundings surroundings_of(Files const& files) {
    Surroundings around;
    around.load = [&files](std::string const& path, std::string const& language, OpenTexts const& open) {
        LoadedText text;
        text.sources = std::make_shared<Sources>();
        text.source = text.sources->add(path, *open.at(path).text);
        text.dialect = detect_dialect((*text.sources)[text.source].text());
        if (!text.dialect) text.dialect = dialect_by_name(language);
        text.lint_options.config = files.config;
        text.lint_options.today =
            std::chrono::year_month_day(std::chrono::year(2026), std::chrono::January, std::chrono::day(15));
        if (!text.dialect) return text;
        text.read_options.include = [sources = text.sources.get(), &files, open](std::string const& pattern, SourceId) {
            Included found;
            std::map<std::string, std::string> all = files.texts;
            for (auto const& [name, other] : open) all[name] = *other.text;
            for (auto const& [name, content] : all)
                if (::fnmatch(("/w/" + pattern).c_str(), name.c_str(), 0) == 0)
                    found.sources.push_back(sources->add(name, content));
            if (found.sources.empty()) found.error = "no such file";
            return found;
        };
        text.reading = read(*text.sources, text.source, *text.dialect, text.read_options);
        return text;
    };
    around.accept_known = [](std::string const&, LintOptions const&, FileResult&) {};
    return around;
}

// An editor that can do all that we know of.
inline Json able() {
    return Json::parse(R"({"general": {"positionEncodings": ["utf-16"]},
        "textDocument": {"hover": {"contentFormat": ["markdown", "plaintext"]}, "codeAction": {"codeActionLiteralSupport": {}},
                         "publishDiagnostics": {"relatedInformation": true, "tagSupport": {"valueSet": [1, 2]}, "versionSupport": true},
                         "documentSymbol": {"hierarchicalDocumentSymbolSupport": true}},
        "workspace": {"workspaceEdit": {"documentChanges": true}, "didChangeWatchedFiles": {"dynamicRegistration": true}}})");
}

class Talk {
  public:
    explicit Talk(Surroundings around, std::chrono::milliseconds pause = std::chrono::milliseconds(0))
        : server_(std::move(around), "1.0", [this](std::string const& body) { hear(body); }, pause) {}

    void start(Json capabilities = able()) {
        request("initialize", {{"capabilities", std::move(capabilities)}});
        notify("initialized", Json::object());
    }
    void notify(std::string const& method, Json params) { server_.handle(notification(method, std::move(params))); }
    // Without waiting; the id.
    int ask(std::string const& method, Json params) {
        server_.handle(lsp::request(++id_, method, std::move(params)));
        return id_;
    }
    // The whole answer.
    Json request(std::string const& method, Json params) {
        int const id = ask(method, std::move(params));
        server_.finish();
        return answer(id);
    }
    Json answer(Json const& id) {
        std::lock_guard const lock(mutex_);
        Json found;
        for (Json const& message : heard_) {
            if (!message.contains("method") && message["id"] == id) {
                CHECK(found.is_null()); // each request is answered once
                found = message;
            }
        }
        return found;
    }
    void open(std::string const& path, std::string const& text, int version = 1, std::string const& language = "text") {
        notify("textDocument/didOpen", {{"textDocument", {{"uri", "file://" + path}, {"languageId", language}, {"version", version}, {"text", text}}}});
        server_.finish();
    }
    void replace(std::string const& path, std::string const& text, int version) {
        notify("textDocument/didChange", {{"textDocument", {{"uri", "file://" + path}, {"version", version}}}, {"contentChanges", Json::array({{{"text", text}}})}});
    }
    // What was published last for the file; null where nothing was.
    Json diagnostics(std::string const& path) {
        server_.finish();
        std::lock_guard const lock(mutex_);
        Json last;
        for (Json const& message : heard_)
            if (message.value("method", "") == "textDocument/publishDiagnostics" && message["params"]["uri"] == "file://" + path) last = message["params"];
        return last;
    }
    // The params of a question about the place of the first `mark` in the text, which is open.
    static Json at(std::string const& path, std::string const& text, std::string const& mark, std::size_t behind = 0) {
        std::size_t const offset = text.find(mark);
        REQUIRE(offset != std::string::npos);
        return {{"textDocument", {{"uri", "file://" + path}}}, {"position", position_json(Lines(text).position_of(offset + behind, Encoding::utf16))}};
    }
    std::vector<Json> heard() {
        std::lock_guard const lock(mutex_);
        return heard_;
    }
    Server& server() { return server_; }

  private:
    void hear(std::string const& body) {
        std::lock_guard const lock(mutex_);
        heard_.push_back(Json::parse(body));
    }
    std::mutex mutex_;
    std::vector<Json> heard_;
    int id_ = 0;
    Server server_;
};

} // namespace portcullis::lsp
