// fmt: rulesets of nft and restore files of iptables in one layout. A file is rewritten whole or not at all, and only where the text that is
// written was read again and says the same.
#include <fmt/format.h>

#include "app/places.hpp"
#include "app/rewrite.hpp"
#include "app/tell.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/dialect/format.hpp"

namespace portcullis::app {

namespace {

bool is_restore_file(Dialect dialect) { return dialect == Dialect::iptables || dialect == Dialect::ip6tables; }

// Of a directory, what it is not for.
struct PassedOver {
    std::vector<std::string> others; // that are no firewall's
    std::size_t in_other_forms = 0;

    void tell(Options const& options) const {
        tell_passed_over(others, options);
        if (in_other_forms > 0)
            say(fmt::format("skipped {} {} neither a ruleset of nft nor a restore file of iptables", in_other_forms,
                            in_other_forms == 1 ? "file that is" : "files that are"));
    }
};

// The loaded file as fmt can work on it, or the exit code that says why not.
std::optional<int> refusal(InputFile const& file, Loaded const& loaded, PassedOver& passed_over) {
    bool const recognised = loaded.dialect.has_value();
    if (recognised && (*loaded.dialect == Dialect::nftables || is_restore_file(*loaded.dialect))) return std::nullopt;
    if (loaded.other_file) {
        passed_over.others.push_back(file.path);
        return clean;
    }
    if (recognised && !file.named) {
        ++passed_over.in_other_forms;
        return clean;
    }
    if (!recognised) {
        say(fmt::format("{}: {}", file.path, loaded.error));
        return unreadable_input;
    }
    say(fmt::format("{}: fmt lays out rulesets of nft and restore files of iptables; this is {}", file.path,
                    to_string(*loaded.dialect)));
    return usage;
}

int tell_errors(Sources const& sources, Findings const& errors) {
    for (Finding const& error : errors.all()) {
        Source const& source = sources[error.span.source];
        Location const at = source.locate(error.span.begin);
        say(fmt::format("{}:{}:{}: {}", source.path(), at.line, at.column, error.args.at("error")));
    }
    return unreadable_input;
}

int format_file(InputFile const& file, Options const& options, Config const& config, PassedOver& passed_over) {
    if (!options.check && is_link(file) && why_no_file(file.path).empty()) {
        if (!file.named) return clean;
        say(file.path + " is a symbolic link; name the file that it leads to");
        return usage;
    }
    Loaded loaded = load(file, options, config);
    if (auto const code = refusal(file, loaded, passed_over)) return *code;
    std::string const before((*loaded.sources)[loaded.source].text());
    Formatted const formatted = is_restore_file(*loaded.dialect)
                                    ? format_iptables(*loaded.sources, loaded.source, *loaded.dialect)
                                    : format_nftables(*loaded.sources, loaded.source, loaded.read_options);
    if (!formatted.errors.empty()) return tell_errors(*loaded.sources, formatted.errors);
    bool const changes = formatted.text != before;
    if (options.check) {
        if (changes) write_output("", visible(file.path) + '\n');
        return changes ? findings : clean;
    }
    if (file.standard_input) {
        write_plain("", std::string(loaded.mark) + formatted.text);
    } else if (changes) {
        rewrite(file, before, formatted.text);
    }
    return clean;
}

} // namespace

int run_fmt(Options const& options) {
    if (options.inputs.empty() && options.files_from.empty()) throw UsageError("fmt needs a file, a directory, or '-' for standard input");
    Configs configs(options);
    std::vector<InputFile> const files = find_inputs(options.inputs, options);
    check_found(files, options);
    PassedOver passed_over;
    int code = clean;
    for (InputFile const& file : files) code = std::max(code, format_file(file, options, *configs.config_for(file.path), passed_over));
    passed_over.tell(options);
    if (!files.empty() && passed_over.others.size() == files.size()) throw UsageError("no file in the directory is a firewall configuration");
    return code;
}

} // namespace portcullis::app
