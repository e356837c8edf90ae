// Tables of nft: declarations, sets and chains, laid out as `nft list ruleset` does.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <set>
#include <span>

#include "dialect/nftables_write_rule.hpp"
#include "grammars/nftables/lexer.hpp"
#include "portcullis/dialect/write.hpp"

namespace portcullis {
namespace nft {
namespace {

constexpr std::size_t line_width = 100;
constexpr int inline_depth = 32; // as deep as the reader lets them nest

std::string_view to_text(ChainType type) {
    constexpr std::array<std::string_view, 3> names{"filter", "nat", "route"};
    return names[static_cast<std::size_t>(type)];
}

// "inet filter"; the tables of iptables are of the one family that the ruleset governs, and in a script of both those
// without a family are of IPv4.
struct TableName {
    ast::TableFamily family;
    std::string name;
};
TableName table_name(std::string const& title, Ruleset const& ruleset) {
    using enum ast::TableFamily;
    std::size_t const blank = title.find(' ');
    for (ast::TableFamily const family : {ip, ip6, inet, arp, bridge, netdev})
        if (title.substr(0, blank) == name_of(family) && blank != title.npos)
            return {family, title.substr(blank + 1)};
    bool const both = ruleset.governs_v4 && ruleset.governs_v6 && ruleset.dialect != Dialect::iptables_script;
    return {both ? inet : ruleset.governs_v4 ? ip : ip6, title};
}

class Writer {
  public:
    explicit Writer(Ruleset const& ruleset) : ruleset_(ruleset) {
        name_tables();
        name_chains();
    }

    Writing run() {
        for (std::string const& title : titles()) write_table(title);
        for (Unmodelled const& item : ruleset_.unmodelled) {
            if (!item.table.empty()) continue;
            if (ruleset_.dialect == Dialect::nftables)
                writing_.text += item.text + '\n';
            else
                lose(item.span, item.text, "nft has nothing like it");
        }
        return std::move(writing_);
    }

  private:
    // Tables in the order in which they are met.
    std::vector<std::string> titles() {
        std::vector<std::string> titles;
        std::set<std::string> seen;
        auto const meet = [&](std::string const& title) {
            if (seen.insert(title).second) titles.push_back(title);
        };
        for (Chain const& chain : ruleset_.chains) {
            if (chain.table.empty())
                lose(chain.span, "access list " + chain.name, "nft binds rules to hooks, not lists to interfaces");
            else
                meet(chain.table);
        }
        for (Unmodelled const& item : ruleset_.unmodelled)
            if (!item.table.empty()) meet(item.table);
        return titles;
    }

    // The kernel and the JSON of nft allow more in a name than its text.
    void name_tables() {
        std::map<std::string, TableName> tables; // by title
        std::set<std::pair<std::string, std::string>> taken;
        auto const meet = [&](std::string const& title) {
            if (title.empty()) return;
            TableName const table = table_name(title, ruleset_);
            if (is_name(table.name)) taken.emplace(name_of(table.family), table.name);
            tables.emplace(title, table);
        };
        for (Chain const& chain : ruleset_.chains) meet(chain.table);
        for (Unmodelled const& item : ruleset_.unmodelled) meet(item.table);
        for (auto& [title, table] : tables) {
            auto const is_free = [&taken, family = name_of(table.family)](std::string const& name) {
                return taken.emplace(family, name).second;
            };
            if (!is_name(table.name)) table.name = new_name(table.name, "table_", is_free);
        }
        tables_ = std::move(tables);
    }

    // Other dialects allow more, too, and words of nft.
    void name_chains() {
        std::set<std::pair<std::string, std::string>> taken;
        for (Chain const& chain : ruleset_.chains)
            if (is_name(chain.name)) taken.emplace(chain.table, chain.name);
        for (Chain const& chain : ruleset_.chains) {
            auto const is_free = [&](std::string const& name) { return taken.emplace(chain.table, name).second; };
            bool const kept = is_name(chain.name) || is_in_rule(chain);
            chain_names_.push_back(kept ? chain.name : new_name(chain.name, "chain_", is_free));
        }
    }

    // Such chains are written where they are called.
    bool is_in_rule(Chain const& chain) const {
        bool const of_nft = ruleset_.dialect == Dialect::nftables || ruleset_.dialect == Dialect::nft_json;
        return of_nft && chain.name.starts_with("{}");
    }

    // Another name for what the text of nft cannot call so.
    template <class IsFree>
    std::string new_name(std::string name, std::string_view prefix, IsFree const& is_free) const {
        for (char& c : name)
            if (!is_name(std::string("a") + c)) c = '_';
        if (!is_name(name)) name.insert(0, prefix);
        while (!is_free(name)) name += '_';
        return name;
    }

    // What a text of nft calls so is no word that would be in the way.
    bool is_name(std::string_view name) const {
        return nftables::is_identifier(name) &&
               (ruleset_.dialect == Dialect::nftables || nftables::find_keyword(name) == 0);
    }

    void lose(Span span, std::string what, std::string why) {
        writing_.losses.add("PC002", span).arg("construct", std::move(what)).arg("why", std::move(why));
    }

    // ---- tables

    void write_table(std::string const& title) {
        TableName const& table = tables_.at(title);
        NamedSets sets(names_in(title));
        Findings counted; // the first pass only counts
        chains_of(title, table.family, sets, counted);
        sets.name();
        std::string const chains = chains_of(title, table.family, sets, writing_.losses);
        std::string body;
        auto const part = [&](std::string const& text) { body += (body.empty() ? "" : "\n") + text; };
        for (Unmodelled const& item : ruleset_.unmodelled)
            if (item.table == title) part(declaration(item.text));
        for (NamedSets::Declaration const& set : sets.declarations()) part(declaration(set));
        if (!chains.empty()) part(chains);
        if (!writing_.text.empty()) writing_.text += '\n';
        writing_.text += fmt::format("table {} {} {{\n{}}}\n", name_of(table.family), table.name, body);
    }

    // The words of its declarations, so that a new name is none of them.
    std::vector<std::string> names_in(std::string const& title) const {
        std::vector<std::string> names;
        for (Unmodelled const& item : ruleset_.unmodelled) {
            if (item.table != title) continue;
            std::string word;
            for (char const c : item.text + ' ') {
                if (c != ' ') {
                    word += c;
                    continue;
                }
                if (!word.empty()) names.push_back(std::move(word));
                word.clear();
            }
        }
        return names;
    }

    // "set s { type ipv4_addr; flags dynamic }", a line for each statement.
    static std::string declaration(std::string const& text) {
        std::size_t const brace = text.find(" { ");
        if (brace == std::string::npos || !text.ends_with(" }")) return '\t' + text + " {\n\t}\n";
        std::string lines = fmt::format("\t{} {{\n\t\t", text.substr(0, brace));
        bool quoted = false;
        int depth = 0;
        std::string const inner = text.substr(brace + 3, text.size() - brace - 5);
        for (std::size_t i = 0; i < inner.size(); ++i) {
            char const c = inner[i];
            quoted = quoted != (c == '"');
            if (!quoted && (c == '{' || c == '}')) depth += c == '{' ? 1 : -1;
            if (c == ';' && !quoted && depth == 0) {
                lines += "\n\t\t";
                if (i + 1 < inner.size() && inner[i + 1] == ' ') ++i;
            } else {
                lines += c;
            }
        }
        return lines + "\n\t}\n";
    }

    static std::string declaration(NamedSets::Declaration const& set) {
        std::string text = fmt::format("\tset {} {{\n\t\t{}\n", set.name, set.type);
        if (set.has_ranges) text += "\t\tflags interval\n";
        if (!set.elements.empty()) {
            text += "\t\telements = { ";
            std::size_t width = 0;
            for (std::size_t i = 0; i < set.elements.size(); ++i) {
                if (i > 0) text += ',';
                if (width > 0 && width + set.elements[i].size() > line_width) {
                    text += "\n\t\t\t     ";
                    width = 0;
                } else if (i > 0) {
                    text += ' ';
                }
                text += set.elements[i];
                width += set.elements[i].size() + 2;
            }
            text += " }\n";
        }
        return text + "\t}\n";
    }

    // ---- chains

    std::string chains_of(std::string const& title, ast::TableFamily family, NamedSets& sets, Findings& losses) {
        std::string text;
        for (Chain const& chain : ruleset_.chains) {
            if (chain.table != title || is_in_rule(chain)) continue;
            if (!text.empty()) text += '\n';
            text += fmt::format("\tchain {} {{\n",
                                chain_names_[static_cast<std::size_t>(&chain - ruleset_.chains.data())]);
            if (chain.hook) text += head(chain, family);
            text += body(chain, family, sets, losses, 2);
            text += "\t}\n";
        }
        return text;
    }

    static std::string head(Chain const& chain, ast::TableFamily family) {
        Hook const& hook = *chain.hook;
        std::string text = fmt::format("\t\ttype {} hook {} ", to_text(hook.type), to_string(hook.point));
        if (hook.device.find(',') != std::string::npos) {
            std::string devices;
            for (char const c : hook.device) devices += c == ',' ? std::string("\", \"") : std::string(1, c);
            text += fmt::format("devices = {{ \"{}\" }} ", devices);
        } else if (!hook.device.empty()) {
            text += fmt::format("device \"{}\" ", hook.device);
        }
        text += fmt::format("priority {};", priority_text(hook.priority, family, hook.point));
        if (chain.explicit_policy)
            text += fmt::format(" policy {};", std::holds_alternative<Drop>(chain.policy) ? "drop" : "accept");
        return text + '\n';
    }

    std::string body(Chain const& chain, ast::TableFamily family, NamedSets& sets, Findings& losses,
                     std::size_t depth) {
        auto const inline_chain = [&](ChainId id) {
            Chain const& inner = ruleset_.chains[id];
            if (depth > inline_depth) lose(inner.span, "rules within rules", "they are nested too deep");
            return fmt::format("{{\n{}{}}}",
                               depth > inline_depth ? "" : body(inner, family, sets, losses, depth + 1),
                               std::string(depth, '\t'));
        };
        TableWriter table{ruleset_, family, sets, losses, chain_names_, inline_chain};
        std::string text;
        std::span<Rule const> rest = chain.rules;
        while (!rest.empty()) {
            std::size_t count = 1;
            while (count < rest.size() && rest[count].origin == rest[0].origin) ++count;
            for (std::string const& line : rule_lines(rest.first(count), table))
                text += std::string(depth, '\t') + line + '\n';
            rest = rest.subspan(count);
        }
        return text;
    }

    Ruleset const& ruleset_;
    std::map<std::string, TableName> tables_; // by title
    std::vector<std::string> chain_names_;    // by id
    Writing writing_;
};

} // namespace
} // namespace nft

Writing write_nftables(Ruleset const& ruleset) { return nft::Writer(ruleset).run(); }

} // namespace portcullis
