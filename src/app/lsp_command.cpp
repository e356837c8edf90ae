// lsp: the language server between standard input and standard output, and what it needs of files and configuration.
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <unistd.h>

#include "app/baseline.hpp"
#include "app/inputs.hpp"
#include "app/today.hpp"
#include "lsp/framer.hpp"
#include "lsp/server.hpp"

namespace portcullis::app {

namespace {

namespace fs = std::filesystem;

// Editors speak of texts that are in no file: "untitled:Untitled-1".
bool is_file(std::string const& path) { return path.starts_with('/'); }

TextReader reader_of(std::string const& path, lsp::OpenTexts open) {
    return [path, open = std::move(open)](fs::path const& wanted) -> FileText {
        auto const found = open.find(wanted.string());
        if (found == open.end()) return is_file(path) || wanted != path ? read_text_file(wanted) : FileText{};
        if (found->second.text->find('\0') != std::string::npos) return {{}, wanted.string() + " has NUL bytes"};
        return {*found->second.text, {}};
    };
}

// As lint loads a file that somebody named. A mistake in the configuration is told in the text that it is for.
lsp::LoadedText load_text(std::string const& path, std::string const& language, lsp::OpenTexts const& open, Options options) {
    InputFile const file{path, true, !is_file(path)};
    lsp::LoadedText result;
    try {
        auto const config = Configs(options).config_for(path);
        auto const load_as = [&] { return load(file, options, *config, std::make_shared<Sources>(), reader_of(path, open)); };
        Loaded loaded = load_as();
        // What the text does not tell, the editor may know.
        if (!loaded.dialect && (options.dialect = dialect_by_name(language))) loaded = load_as();
        result.sources = std::move(loaded.sources);
        result.source = loaded.source;
        result.dialect = loaded.dialect;
        result.reading = std::move(loaded.reading);
        if (!loaded.error.starts_with("not recognised")) result.error = std::move(loaded.error);
        result.read_options = std::move(loaded.read_options);
        result.lint_options.config = *config;
        result.lint_options.today = day_of_clock();
        result.lint_options.name = is_file(path) ? find_repository(fs::path(path).parent_path()).name_of(path) : path;
    } catch (UsageError const& e) {
        result = {};
        result.sources = std::make_shared<Sources>();
        result.source = result.sources->add(path, *open.at(path).text);
        result.error = e.what();
    }
    return result;
}

void accept_known(std::string const& path, LintOptions const& lint_options, FileResult& result, Options const& options) {
    Job job;
    job.file = {path, true, false};
    job.config = std::make_shared<Config const>(lint_options.config);
    job.result = std::move(result);
    Baselines(options).apply(job);
    result = std::move(*job.result);
}

// What comes in until the end of input, or until the server has ended; the exit code.
int serve(lsp::Server& server, std::atomic<bool> const& broken) {
    lsp::Framer framer;
    std::vector<char> buffer(std::size_t{1} << 16U);
    while (!server.ended() && !broken) {
        ssize_t const count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw std::runtime_error(fmt::format("cannot read standard input: {}", std::strerror(errno)));
        if (count == 0) return findings; // without the notification exit
        framer.feed({buffer.data(), static_cast<std::size_t>(count)});
        while (auto const frame = framer.next()) {
            if (frame->error.empty()) {
                server.handle(frame->body);
                continue;
            }
            server.refuse(frame->error);
            if (frame->fatal) return findings;
        }
    }
    return server.exit_code();
}

} // namespace

int run_lsp(Options const& options) {
    lsp::Surroundings around;
    around.load = [&options](std::string const& path, std::string const& language, lsp::OpenTexts const& open) {
        return load_text(path, language, open, options);
    };
    around.accept_known = [&options](std::string const& path, LintOptions const& lint_options, FileResult& result) {
        accept_known(path, lint_options, result, options);
    };
    std::atomic<bool> broken = false; // nobody listens any more
    auto const send = [&broken](std::string const& body) {
        if (broken) return;
        try {
            write_output("", lsp::framed(body));
        } catch (std::exception const&) {
            broken = true;
        }
    };
    lsp::Server server(std::move(around), PORTCULLIS_VERSION, send);
    int const code = serve(server, broken);
    return broken ? int{internal} : code;
}

} // namespace portcullis::app
