// A text as it was at one moment, and what is known of it. What is known is worked out when somebody first asks, once,
// whichever thread that is; nothing changes afterwards.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "lsp/document.hpp"
#include "lsp/symbols.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/lint/lint.hpp"

namespace portcullis::lsp {

// A larger text is not looked at: editors are no place for it, and `portcullis lint` is.
inline constexpr std::size_t largest_text = std::size_t{16} << 20U;

// A text with all that is read together with it.
struct LoadedText {
    std::shared_ptr<Sources> sources;
    SourceId source = 0;
    std::optional<Dialect> dialect;
    std::optional<Reading> reading; // none: `error` says why
    std::string error;              // a sentence; empty where the text is of no dialect, which is no mistake
    ReadOptions read_options;
    LintOptions lint_options;
};

// What the server needs from outside: files and configuration. Called by several threads at once.
struct Surroundings {
    // The open text at the path, of the language that the editor calls it, as `portcullis lint` loads it.
    std::function<LoadedText(std::string const& path, std::string const& language, OpenTexts const& open)> load;
    // Marks the findings of the path that somebody has accepted elsewhere than in the text: those of a baseline.
    std::function<void(std::string const& path, LintOptions const& options, FileResult& result)> accept_known;
};

class Snapshot {
  public:
    // Once the stop is requested, what is worked out of it ends with Stopped; what is known stays so.
    Snapshot(std::shared_ptr<Surroundings const> around, Document document, OpenTexts open, std::stop_token overtaken = {});

    Document const& document() const { return document_; }
    Lines const& lines() const { return lines_; }
    // What the editor calls a file.
    std::string uri_of(std::string const& path) const;

    // Both throw whatever went wrong in the program; a text that cannot be read is no such thing.
    LoadedText const& loaded() const;
    FileResult const& findings() const; // none, where the text is of no dialect
    Symbols const& symbols() const;
    // The same text read anew, into sources of its own that may grow.
    LoadedText load_again() const;
    bool is_readable() const { return loaded().reading.has_value(); }
    // The paths of all that was read besides: included files, sets.
    std::set<std::string> other_files() const;

  private:
    template <class T> struct Once {
        mutable std::once_flag flag;
        mutable std::optional<T> value;
        template <class Make> T const& get(Make const& make) const {
            std::call_once(flag, [&] { value.emplace(make()); });
            return *value;
        }
    };

    std::shared_ptr<Surroundings const> around_;
    Document document_;
    OpenTexts open_;
    std::stop_token overtaken_;
    Lines lines_;
    Once<LoadedText> loaded_;
    Once<FileResult> findings_;
    Once<Symbols> symbols_;
};

} // namespace portcullis::lsp
