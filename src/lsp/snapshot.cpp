#include "lsp/snapshot.hpp"

#include <fmt/format.h>

#include "portcullis/base/file_name.hpp"
#include "portcullis/engine/budget.hpp"

namespace portcullis::lsp {

Snapshot::Snapshot(std::shared_ptr<Surroundings const> around, Document document, OpenTexts open, std::stop_token overtaken)
    : around_(std::move(around)), document_(std::move(document)), open_(std::move(open)), overtaken_(std::move(overtaken)),
      lines_(*document_.text) {}

std::string Snapshot::uri_of(std::string const& path) const {
    if (path == document_.path) return document_.uri;
    auto const open = open_.find(path);
    return open == open_.end() ? portcullis::uri_of(path) : open->second.uri;
}

LoadedText const& Snapshot::loaded() const {
    return loaded_.get([this] { return load_again(); });
}

FileResult const& Snapshot::findings() const {
    LoadedText const& text = loaded();
    return findings_.get([&] {
        StopWhen const stop(overtaken_);
        FileResult result;
        if (text.reading)
            result = lint(text.sources, text.source, *text.dialect, *text.reading, text.lint_options);
        else if (!text.error.empty())
            result = unreadable(text.sources, text.source, text.error, text.lint_options.name);
        around_->accept_known(document_.path, text.lint_options, result);
        return result;
    });
}

Symbols const& Snapshot::symbols() const {
    return symbols_.get([this] { return find_symbols(loaded()); });
}

LoadedText Snapshot::load_again() const {
    if (document_.text->size() <= largest_text) return around_->load(document_.path, document_.language, open_);
    LoadedText none;
    none.sources = std::make_shared<Sources>();
    none.source = none.sources->add(document_.path, *document_.text);
    none.error = fmt::format("the text is larger than {} MiB; `portcullis lint` looks at such files", largest_text >> 20U);
    return none;
}

std::set<std::string> Snapshot::other_files() const {
    LoadedText const& text = loaded();
    std::set<std::string> paths;
    for (SourceId id = 0; id < text.sources->size(); ++id)
        if (id != text.source) paths.insert((*text.sources)[id].path());
    return paths;
}

} // namespace portcullis::lsp
