#include "app/fix.hpp"

#include <fmt/format.h>

#include "app/rewrite.hpp"
#include "portcullis/lint/fix.hpp"
#include "portcullis/report/patch.hpp"

namespace portcullis::app {

FileFix fix_file(InputFile const& file, Options const& options, Config const& config, LintOptions const& lint_options,
                 Loaded& loaded) {
    if (options.fix && !file.named && is_link(file)) return {};
    std::string const before((*loaded.sources)[loaded.source].text());
    Mended const mended = mend(loaded.sources, loaded.source, *loaded.dialect, loaded.read_options, lint_options);
    std::string const mark(loaded.mark);
    FileFix result{unified_patch(file.path, mark + before, mark + mended.text), mended.fixes};
    if (!options.fix || mended.fixes == 0) return result;
    rewrite(file, before, mended.text);
    loaded = load(file, options, config);
    return result;
}

} // namespace portcullis::app
