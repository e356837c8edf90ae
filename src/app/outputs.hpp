// Everything that is written: reports to files and to standard output.
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "app/files.hpp"
#include "app/options.hpp"
#include "portcullis/report/report.hpp"

namespace portcullis::app {

// Writes all of the text to standard output, or to a file (app/files.hpp), or throws a sentence: a full disk is an error, not
// silence.
void write_output(std::string const& path, std::string_view text);

// Likewise for rules and patches, which other programs read as they are. On a terminal, what would act on it is shown escaped.
void write_plain(std::string const& path, std::string_view text);

// Text that is written as it comes: to standard output at once; a file is there when all of it is, or not at all.
class Stream {
  public:
    explicit Stream(std::string const& path); // empty: standard output

    void write(std::string_view text);
    void finish();

  private:
    std::optional<GrowingFile> file_; // none: standard output
};

// Whether the format is written a file at a time (report/lines.hpp).
bool is_written_in_lines(std::string const& format);
// The columns of text: those of --width, else of the terminal, else none.
std::size_t text_width(Options const& options);

// Whether text on standard output is coloured, by --color, the environment and the terminal.
bool use_color(std::string const& wanted);

// The repository around a folder, or that folder alone; without one, of the working directory.
Repository find_repository(std::filesystem::path const& folder = {});

// Throws a sentence where two reports would go to one place, by whatever names.
void check_outputs(std::vector<Output> const& outputs);
// … and where one would go into a file that is read.
void check_apart(std::vector<std::string> const& read, Options const& options);

// Writes a report in each of the forms that were asked for but those in lines, as text on standard output where none was. `render` gives it
// in a format, in the style of where it goes. One that cannot be written keeps none of the others back.
using Render = std::function<std::string(std::string const& format, TextStyle const& style)>;
void write_report(Options const& options, Render const& render);

} // namespace portcullis::app
