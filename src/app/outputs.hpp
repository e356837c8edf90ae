// Everything that is written: reports to files and to standard output.
#pragma once
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

#include "app/options.hpp"
#include "portcullis/report/report.hpp"

namespace portcullis::app {

// Writes all of the text, or throws a sentence: a full disk is an error, not silence. A file that is replaced keeps its
// owner and permissions.
void write_output(std::string const& path, std::string_view text);

// Text that is written as it comes: to standard output at once; a file is there when all of it is, or not at all.
class Stream {
  public:
    explicit Stream(std::string path); // empty: standard output
    ~Stream();
    Stream(Stream&& other) noexcept;
    Stream(Stream const&) = delete;
    Stream& operator=(Stream const&) = delete;
    Stream& operator=(Stream&&) = delete;

    void write(std::string_view text);
    void finish();

  private:
    [[noreturn]] void fail(std::string const& why) const;

    std::string path_;
    std::string temporary_; // that is renamed in the end; empty: it is written through
    std::FILE* file_ = nullptr;
};

// Whether the format is written a file at a time (report/lines.hpp).
bool is_written_in_lines(std::string const& format);
// The columns of text: those of --width, else of the terminal, else none.
unsigned text_width(Options const& options);

// Whether text on standard output is coloured, by --color, the environment and the terminal.
bool use_color(std::string const& wanted);

// The repository around the working directory, or that directory alone.
Repository find_repository();

// Throws a sentence where two reports would go to one place.
void check_outputs(std::vector<Output> const& outputs);

// Writes a report in each of the forms that were asked for but those in lines, as text on standard output where none was. `render` gives it
// in a format, in the style of where it goes.
using Render = std::function<std::string(std::string const& format, TextStyle style)>;
void write_report(Options const& options, Render const& render);

} // namespace portcullis::app
