// Everything that is read from outside: the files to look at, what they include, and the configuration that applies.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/configs.hpp"
#include "app/options.hpp"
#include "app/outputs.hpp"
#include "portcullis/catalogue/config.hpp"
#include "portcullis/dialect/read.hpp"

namespace portcullis::app {

// A file larger than this is refused: nobody's firewall is, and reading it would only exhaust memory.
inline constexpr std::uintmax_t largest_input = std::uintmax_t{512} << 20U;

inline constexpr char out_of_memory[] = "it takes more memory than there is";

struct InputFile {
    std::string path;    // as it is shown
    bool named = false;  // by the user; the others were found in a directory
    bool standard_input = false;
    std::string found_in{}; // the directory, where it was not named
    std::string problem{};  // why it is not looked at, though the search depends on it
};

// What one argument names: a file, or standard input by "-".
InputFile named_input(std::string const& argument, std::string const& stdin_filename);

// The files that the arguments and --files-from name, directories searched, without those of --exclude, sorted by path. Throws UsageError for
// a list that cannot be read; a file that cannot be read is told when it is.
std::vector<InputFile> find_inputs(std::vector<std::string> const& arguments, Options const& options);

// Throws UsageError where they are none, though the arguments name something.
void check_found(std::vector<InputFile> const& files, Options const& options);

inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// The text without a byte order mark, or why it cannot be had, as a sentence.
struct FileText {
    std::string text;
    std::string error{};
    std::string_view mark{}; // the byte order mark before it, or nothing
};
FileText read_text(InputFile const& file);
FileText read_text_file(std::filesystem::path const& path);
FileText read_bytes(InputFile const& file); // … whatever they are
// Where else texts come from: an editor has some of them open.
using TextReader = std::function<FileText(std::filesystem::path const& path)>;

// Whether it is a link out of the directory in which it was found: it could show what lies elsewhere to whoever reads the report.
bool leads_outside(InputFile const& file);

// What one file says. `reading` is empty where the text is of no dialect, and `error` says why.
struct Loaded {
    std::shared_ptr<Sources> sources;
    SourceId source = 0;
    std::optional<Dialect> dialect;
    std::optional<Reading> reading;
    std::string error;
    std::string_view mark{}; // before the text, for whoever writes it again
    bool other_file = false; // a file of a directory that is no firewall's, and does not claim to be by its name: it is passed over
    ReadOptions read_options; // that it was read with; the includes are added to the sources
    std::vector<std::string> ipset_files; // that its sets are from
};
// Into new sources, or into those of another file that it is looked at with. A reader is asked for all texts, standard input
// among them.
Loaded load(InputFile const& file, Options const& options, Config const& config,
            std::shared_ptr<Sources> sources = std::make_shared<Sources>(), TextReader const& reader = {});
// Says on standard error how many files were passed over, or which.
void tell_passed_over(std::vector<std::string> const& paths, Options const& options);
// Says on standard error what could not be read of it; whether all could.
bool tell_problems(Loaded const& loaded);

} // namespace portcullis::app
