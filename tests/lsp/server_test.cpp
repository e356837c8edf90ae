// The life of a session: what comes first, what is answered with which error, and what an edit overtakes.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fmt/format.h>
#include <random>

#include "lsp/talk.hpp"

using namespace portcullis;
using namespace portcullis::lsp;

namespace {

std::string const telnet = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 23 -j ACCEPT\nCOMMIT\n";

bool has(Json const& published, std::string_view code) {
    return std::ranges::any_of(published["diagnostics"],
                               [&](Json const& diagnostic) { return diagnostic.value("code", "") == code; });
}

int error_code(Json const& answer) { return answer.contains("error") ? answer["error"]["code"].get<int>() : 0; }

} // namespace

TEST_CASE("a session begins with initialize and ends with shutdown and exit") {
    Files const files;
    Talk talk(surroundings_of(files));
    CHECK(error_code(talk.request("textDocument/hover", Json::object())) == -32002);
    Json const capabilities = talk.request("initialize", {{"capabilities", able()}})["result"]["capabilities"];
    CHECK(capabilities["positionEncoding"] == "utf-16");
    CHECK(capabilities["textDocumentSync"]["change"] == 2);
    CHECK(error_code(talk.request("initialize", {{"capabilities", able()}})) == -32600);
    CHECK(error_code(talk.request("textDocument/fly", Json::object())) == -32601);
    talk.notify("textDocument/fly", Json::object());
    talk.notify("$/setTrace", {{"value", "off"}});
    CHECK(talk.request("shutdown", nullptr)["result"].is_null());
    CHECK(error_code(talk.request("textDocument/hover", Json::object())) == -32600);
    CHECK_FALSE(talk.server().ended());
    talk.notify("exit", nullptr);
    CHECK(talk.server().ended());
    CHECK(talk.server().exit_code() == 0);
}

TEST_CASE("exit without shutdown is told by the exit code") {
    Files const files;
    Talk talk(surroundings_of(files));
    talk.notify("exit", nullptr);
    CHECK(talk.server().ended());
    CHECK(talk.server().exit_code() == 1);
}

TEST_CASE("encodings are agreed on, the first of the client's that is known") {
    Files const files;
    for (auto const& [offered, chosen] :
         {std::pair(R"(["utf-8", "utf-16"])", "utf-8"), std::pair(R"(["utf-7", "utf-32"])", "utf-32"), std::pair("[]", "utf-16"),
          std::pair("7", "utf-16"), std::pair("[7, \"utf-8\"]", "utf-8")}) {
        Talk talk(surroundings_of(files));
        Json const capabilities = Json::parse(std::string(R"({"general": {"positionEncodings": )") + offered + "}}");
        CHECK(talk.request("initialize", {{"capabilities", capabilities}})["result"]["capabilities"]["positionEncoding"] ==
              chosen);
    }
}

TEST_CASE("what is no message is answered with an error and nothing else") {
    Files const files;
    Talk talk(surroundings_of(files));
    talk.start();
    struct Case {
        std::string body;
        int code;
    };
    Case const cases[] = {
        {"", -32700},
        {"{", -32700},
        {"\xff", -32700},
        {std::string(200000, '['), -32600},
        {R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":)" + std::string(500'000, '[') + std::string(500'000, ']') + "}", -32600},
        {std::string(100000, '[') + std::string(100000, ']'), -32600},
        {"[]", -32600},
        {"7", -32600},
        {"{}", -32600},
        {R"({"jsonrpc":"1.0","id":1,"method":"shutdown"})", -32600},
        {R"({"jsonrpc":"2.0","id":[1],"method":"shutdown"})", -32600},
        {R"({"jsonrpc":"2.0","id":1.5,"method":"shutdown"})", -32600},
        {R"({"jsonrpc":"2.0","id":1,"method":7})", -32600},
        {R"({"jsonrpc":"2.0","id":1})", -32600},
    };
    for (Case const& c : cases) {
        std::size_t const before = talk.heard().size();
        talk.server().handle(c.body);
        talk.server().finish();
        auto const heard = talk.heard();
        INFO(c.body.substr(0, 60));
        REQUIRE(heard.size() == before + 1);
        CHECK(heard.back()["id"].is_null());
        CHECK(error_code(heard.back()) == c.code);
    }
    // Brackets in a text are no levels.
    CHECK(error_code(talk.request("textDocument/fly", {{"text", '"' + std::string(1000, '[')}})) == -32601);
    // Answers to what nobody asked.
    std::size_t const before = talk.heard().size();
    talk.server().handle(R"({"jsonrpc":"2.0","id":9,"result":null})");
    talk.server().handle(R"({"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}})");
    CHECK(talk.heard().size() == before);
}

TEST_CASE("params that say nothing sensible are errors of the request, or of nobody") {
    Files const files;
    Talk talk(surroundings_of(files));
    talk.start();
    talk.open("/w/a", telnet);
    for (char const* method :
         {"textDocument/hover", "textDocument/definition", "textDocument/references", "textDocument/documentHighlight",
          "textDocument/codeAction", "textDocument/documentSymbol", "textDocument/foldingRange", "textDocument/formatting"}) {
        INFO(method);
        for (Json const& params : {Json(), Json(7), Json::array(), Json::object(), Json{{"textDocument", "/w/a"}}, Json{{"textDocument", {{"uri", "file:///w/b"}}}}})
            CHECK(error_code(talk.request(method, params)) == -32602);
    }
    for (char const* method :
         {"textDocument/hover", "textDocument/definition", "textDocument/references", "textDocument/codeAction"}) {
        Json const params{{"textDocument", {{"uri", "file:///w/a"}}}, {"position", {{"line", "x"}}}};
        CHECK(error_code(talk.request(method, params)) == -32602);
    }
    for (char const* method :
         {"textDocument/didOpen", "textDocument/didChange", "textDocument/didClose", "textDocument/didSave", "$/cancelRequest"})
        for (Json const& params : {Json(), Json(7), Json::object(), Json{{"textDocument", 7}}, Json{{"textDocument", {{"uri", "file:///w/b"}}}}}) talk.notify(method, params);
    CHECK(has(talk.diagnostics("/w/a"), "PC101"));
    auto const heard = talk.heard();
    CHECK(std::ranges::any_of(heard, [](Json const& message) {
        return message.value("method", "") == "window/logMessage" && message["params"]["message"] == "portcullis: textDocument/didChange: file:///w/b is not open";
    }));
}

TEST_CASE("findings come with the version that they are of, and go with the text") {
    Files const files;
    Talk talk(surroundings_of(files));
    talk.start();
    talk.open("/w/a", telnet, 7);
    Json const first = talk.diagnostics("/w/a");
    CHECK(first["version"] == 7);
    CHECK(has(first, "PC101"));
    talk.notify("textDocument/didChange", Json::parse(R"({"textDocument": {"uri": "file:///w/a", "version": 8}, "contentChanges": [
        {"range": {"start": {"line": 2, "character": 25}, "end": {"line": 2, "character": 27}}, "text": "443"}]})"));
    Json const second = talk.diagnostics("/w/a");
    CHECK(second["version"] == 8);
    CHECK_FALSE(has(second, "PC101"));
    talk.notify("textDocument/didClose", {{"textDocument", {{"uri", "file:///w/a"}}}});
    CHECK(talk.diagnostics("/w/a")["diagnostics"].empty());
}

TEST_CASE("a text that is of no dialect is left alone, unless the editor says what it is") {
    Files const files;
    Talk talk(surroundings_of(files));
    talk.start();
    talk.open("/w/a", "a shopping list\n");
    CHECK(talk.diagnostics("/w/a")["diagnostics"].empty());
    CHECK(talk.request("textDocument/hover", Talk::at("/w/a", "a shopping list\n", "list"))["result"].is_null());
    CHECK(talk.request("textDocument/formatting", {{"textDocument", {{"uri", "file:///w/a"}}}})["result"].is_null());
    CHECK(talk.request("textDocument/documentSymbol", {{"textDocument", {{"uri", "file:///w/a"}}}})["result"].empty());
    talk.open("/w/b", "a shopping list\n", 1, "nftables");
    CHECK(has(talk.diagnostics("/w/b"), "PC001"));
}

TEST_CASE("a text that is too large for an editor is not looked at, and that is said") {
    Files const files;
    Talk talk(surroundings_of(files));
    talk.start();
    talk.open("/w/a", telnet + std::string(largest_text, '#'));
    Json const diagnostics = talk.diagnostics("/w/a")["diagnostics"];
    REQUIRE(diagnostics.size() == 1);
    CHECK(diagnostics[0]["message"].get<std::string>().find("larger than 16 MiB") != std::string::npos);
}

TEST_CASE("an error of the program is a message and an error, and the session goes on") {
    Files const files;
    Surroundings around = surroundings_of(files);
    around.load = [load = around.load](std::string const& path, std::string const& language, OpenTexts const& open) {
        if (path == "/w/bad") throw std::logic_error("broken inside");
        return load(path, language, open);
    };
    Talk talk(std::move(around));
    talk.start();
    talk.open("/w/bad", telnet);
    CHECK(error_code(talk.request("textDocument/documentSymbol", {{"textDocument", {{"uri", "file:///w/bad"}}}})) == -32603);
    bool told = false;
    for (Json const& message : talk.heard())
        told = told || (message.value("method", "") == "window/showMessage" &&
                        message["params"]["message"] == "portcullis: /w/bad: broken inside");
    CHECK(told);
    talk.open("/w/a", telnet);
    CHECK(has(talk.diagnostics("/w/a"), "PC101"));
}

namespace {

// Surroundings in which nothing is read until the gate opens.
struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool is_open = false;
    std::atomic<int> loads = 0;

    Surroundings guard(Surroundings around) {
        around.load = [this, load = around.load](std::string const& path, std::string const& language, OpenTexts const& open) {
            ++loads;
            std::unique_lock lock(mutex);
            changed.wait(lock, [this] { return is_open; });
            return load(path, language, open);
        };
        return around;
    }
    void open() {
        {
            std::lock_guard const lock(mutex);
            is_open = true;
        }
        changed.notify_all();
    }
};

} // namespace

TEST_CASE("while a text is looked at, messages are answered, and edits overtake it") {
    Files const files;
    Gate gate;
    Talk talk(gate.guard(surroundings_of(files)));
    talk.start();
    talk.notify("textDocument/didOpen", {{"textDocument", {{"uri", "file:///w/a"}, {"languageId", "x"}, {"version", 1}, {"text", telnet}}}});
    while (gate.loads == 0) std::this_thread::yield(); // the analyst is at work, and cannot go on
    int const unknown = talk.ask("workspace/fly", Json::object());
    CHECK(error_code(talk.answer(unknown)) == -32601);
    for (int version = 2; version <= 20; ++version) talk.replace("/w/a", telnet + "# " + std::to_string(version) + "\n", version);
    gate.open();
    CHECK(talk.diagnostics("/w/a")["version"] == 20);
    std::vector<Json> published;
    for (Json const& message : talk.heard())
        if (message.value("method", "") == "textDocument/publishDiagnostics") published.push_back(message["params"]["version"]);
    CHECK(published == std::vector<Json>{20}); // of what is old, nothing is told
    CHECK(gate.loads <= 3);                    // nor worked out
}

namespace {

// Rules that are ranges in every dimension: half a minute of work and more.
std::string slow_rules() {
    std::minstd_rand dice;
    auto const below = [&](unsigned count) { return static_cast<unsigned>(dice()) % count; };
    std::string text = "*filter\n:INPUT DROP [0:0]\n";
    for (int rule = 0; rule < 3000; ++rule) {
        unsigned const sport = below(60000), dport = below(60000), source = below(100), destination = below(100);
        text += fmt::format("-A INPUT -p tcp -m tcp --sport {}:{} --dport {}:{} -m iprange --src-range 10.{}.0.0-10.{}.0.0 "
                            "--dst-range 10.{}.0.0-10.{}.0.0 -j {}\n",
                            sport, sport + below(5000), dport, dport + below(5000), source, source + 1 + below(100), destination,
                            destination + 1 + below(100), below(2) == 0 ? "ACCEPT" : "DROP");
    }
    return text + "COMMIT\n";
}

} // namespace

TEST_CASE("an edit ends the work on what it overtakes, and so does the end of the session") {
    std::string const slow = slow_rules();
    Files const files;
    std::atomic<int> read = 0;
    std::atomic<int> ended = 0;
    Surroundings around = surroundings_of(files);
    around.load = [&, load = around.load](std::string const& path, std::string const& language, OpenTexts const& open) {
        LoadedText text = load(path, language, open);
        ++read;
        return text;
    };
    around.accept_known = [&](std::string const&, LintOptions const&, FileResult&) { ++ended; };
    auto const begin = std::chrono::steady_clock::now();
    {
        Talk talk(around);
        talk.start();
        talk.notify("textDocument/didOpen", {{"textDocument", {{"uri", "file:///w/a"}, {"languageId", "x"}, {"version", 1}, {"text", slow}}}});
        while (read == 0) std::this_thread::yield();
        Json const place{{"line", 2}, {"character", 0}};
        int const question = talk.ask("textDocument/codeAction", {{"textDocument", {{"uri", "file:///w/a"}}},
                                                                  {"range", {{"start", place}, {"end", place}}},
                                                                  {"context", {{"diagnostics", Json::array()}}}});
        std::this_thread::sleep_for(std::chrono::milliseconds(100)); // now both wait for the findings
        talk.replace("/w/a", telnet, 2);
        Json const shown = talk.diagnostics("/w/a");
        CHECK(shown["version"] == 2);
        CHECK(has(shown, "PC101"));
        CHECK(error_code(talk.answer(question)) == -32801);
        CHECK(ended == 1);
        read = 0;
        talk.replace("/w/a", slow, 3);
        while (read == 0) std::this_thread::yield();
    }
    CHECK(ended == 1);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
}

TEST_CASE("a request that waits can be cancelled; each is answered once") {
    Files const files;
    Gate gate;
    Talk talk(gate.guard(surroundings_of(files)));
    talk.start();
    talk.notify("textDocument/didOpen", {{"textDocument", {{"uri", "file:///w/a"}, {"languageId", "x"}, {"version", 1}, {"text", telnet}}}});
    Json const params{{"textDocument", {{"uri", "file:///w/a"}}}};
    int const first = talk.ask("textDocument/documentSymbol", params);
    while (gate.loads == 0) std::this_thread::yield();
    int const second = talk.ask("textDocument/documentSymbol", params);
    int const third = talk.ask("textDocument/documentSymbol", params);
    talk.notify("$/cancelRequest", {{"id", second}});
    talk.notify("$/cancelRequest", {{"id", 4711}});
    CHECK(error_code(talk.answer(second)) == -32800);
    gate.open();
    talk.server().finish();
    CHECK(talk.answer(first)["result"].size() == 1);
    CHECK(error_code(talk.answer(second)) == -32800);
    CHECK(talk.answer(third)["result"].size() == 1);
}

TEST_CASE("a client that never reads is not worked for without end") {
    Files const files;
    Gate gate;
    Talk talk(gate.guard(surroundings_of(files)));
    talk.start();
    talk.notify("textDocument/didOpen", {{"textDocument", {{"uri", "file:///w/a"}, {"languageId", "x"}, {"version", 1}, {"text", telnet}}}});
    int last = 0;
    for (int i = 0; i < 1100; ++i) last = talk.ask("textDocument/documentSymbol", {{"textDocument", {{"uri", "file:///w/a"}}}});
    CHECK(error_code(talk.answer(last)) == -32803);
    gate.open();
}

TEST_CASE("what is included is read as it is open, and changes whoever includes it") {
    Files files;
    files.texts["/w/ports.nft"] = "define PORT = 443\n";
    std::string const main =
        "include \"ports.nft\"\ntable inet f { chain input { type filter hook input priority 0; policy drop; tcp dport $PORT accept; } }\n";
    Talk talk(surroundings_of(files));
    talk.start();
    talk.open("/w/main.nft", main);
    CHECK_FALSE(has(talk.diagnostics("/w/main.nft"), "PC101"));
    talk.open("/w/ports.nft", "define PORT = 23\n");
    CHECK(has(talk.diagnostics("/w/main.nft"), "PC101"));
    talk.replace("/w/ports.nft", "define PORT = 2 3\n", 2);
    CHECK(has(talk.diagnostics("/w/ports.nft"), "PC001"));
    talk.replace("/w/ports.nft", "define PORT = 22\n", 3);
    CHECK_FALSE(has(talk.diagnostics("/w/ports.nft"), "PC001"));
    talk.notify("textDocument/didClose", {{"textDocument", {{"uri", "file:///w/ports.nft"}}}});
    CHECK_FALSE(has(talk.diagnostics("/w/main.nft"), "PC101"));
    // On disk, others change it.
    files.texts["/w/ports.nft"] = "define PORT = 23\n";
    talk.notify("workspace/didChangeWatchedFiles", {{"changes", Json::array()}});
    CHECK(has(talk.diagnostics("/w/main.nft"), "PC101"));
    files.texts["/w/ports.nft"] = "define PORT =\n";
    talk.notify("textDocument/didSave", {{"textDocument", {{"uri", "file:///w/main.nft"}}}});
    CHECK(has(talk.diagnostics("/w/ports.nft"), "PC001")); // told where it is, though nobody has it open
    talk.notify("textDocument/didClose", {{"textDocument", {{"uri", "file:///w/main.nft"}}}});
    CHECK(talk.diagnostics("/w/ports.nft")["diagnostics"].empty());
}
