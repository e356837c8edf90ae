// Reads one rule: each option adds terms, relations or opaque matches, the target a verdict and effects. The parts
// of the work are a file each: iptables_rule.cpp the frame and the options that need no extension,
// iptables_match.cpp what stands in a packet's headers, iptables_state_match.cpp what the kernel knows besides,
// iptables_target.cpp the targets, iptables_kernel.cpp what loader and kernel demand of options, chains and tables.
#pragma once
#include <optional>
#include <span>
#include <string>

#include "dialect/iptables_rule.hpp"

namespace portcullis::iptables {

struct Target; // iptables_target.cpp

std::string quote(std::string_view text);
std::string lower_case(std::string text);
// Arguments with single blanks between them, and with quotes only where they hold a blank.
std::string canonical(std::string_view raw);
// The members of a small set of numbers.
IntervalSet members(std::uint32_t bits);
// Any of these bits is set.
ValueSet any_bit(std::uint32_t bits);
// x & mask == value; nothing where value has bits that mask lacks.
ValueSet masked(U128 value, U128 mask, unsigned bits);
// "0x10/0x3f", as strtoul reads numbers; the mask is `most` where it is left out. Nothing for other text.
std::optional<MaskedNumber> masked_number(std::string const& text, std::uint32_t most);
std::optional<std::uint8_t> number_of_protocol(std::string const& name);

struct NamedNumber {
    std::string_view name;
    std::uint32_t number;
};
// In any case.
std::optional<std::uint32_t> number_of(std::span<NamedNumber const> names, std::string_view name);

// What the loader or the kernel finds wrong with the options of an extension together, or with its place; empty:
// nothing.
struct Place {
    Family family;
    std::string_view table;
    std::string_view chain;
    std::optional<HookPoint> hook; // of a built-in chain
};
std::string problem_of(Loaded const& loaded, std::span<Option const> options, std::size_t instance,
                       Place const& place);

class RuleReader {
  public:
    RuleReader(Command const& command, RuleContext const& context)
        : context_(context), file_(context.file), options_(file_[command.options]), loaded_(file_[command.loaded]) {
        rule_.span = command.span;
        ordered_ = in_order();
    }

    // False, and findings, where iptables would refuse the rule.
    bool read(std::uint32_t origin, std::vector<Rule>& out);

  private:
    // ---- iptables_rule.cpp
    std::vector<Option const*> in_order() const;
    void error(Span span, std::string text, std::string_view rule = "PC001");
    std::string_view source_text(Option const& option) const;
    // "--ctorigdst 192.0.2.1", as it was written but for blanks.
    std::string option_text(Option const& option) const;
    std::string_view value_text_of(Option const& option) const;
    void add(Field field, ValueSet values, Option const& option) {
        add(field, std::move(values), option.negated, option.span);
    }
    void add(Field field, ValueSet values, bool negated, Span span);
    void add_opaque(std::string text, bool stateful, bool negated, Span span);
    std::optional<std::chrono::year_month_day> end_of_time_match(std::size_t instance) const;
    Option const* find(std::size_t instance, Key key) const;
    void wrong_family(Span span, Ip address);

    void read_protocol();
    void check_extensions();
    void read_option(Option const& option);
    void networks(Field field, Option const& option);
    void interface(Field field, Option const& option);
    // "eth+"; nothing, and an error, where it is no name of an interface.
    std::optional<Interval> interfaces(Option const& option);
    void fragment(Option const& option);
    void comment(Option const& option);
    // An option that is a condition of its own, of an extension that is not modelled wholly.
    void condition(Option const& option);
    // An extension whose options together are one condition.
    void add_whole_match(std::size_t instance);
    bool add_set(std::size_t instance);
    void emit(std::vector<Rule>& out);

    void connection_address(Field field, Option const& option);
    void connection_port(Field field, Option const& option);
    void connection_protocol(Option const& option);

    // ---- iptables_match.cpp
    void need_transport_header();
    bool need_extension_header(Loaded const& loaded);
    std::optional<std::uint16_t> resolve(Port const& port, Span span);
    std::optional<Interval> resolve(PortRange const& range, Span span);
    void port_range(Field field, Option const& option);
    std::optional<IntervalSet> ports_of(Option const& option);
    void port_list(Field field, Option const& option);
    void either_port(Option const& option);
    void tcp_flags(TcpFlags flags, Option const& option);
    void tcp_option(Option const& option);
    void icmp_type(Option const& option);
    void address_range(Field field, Option const& option);
    void number_range(Field field, Option const& option);
    void dscp_class(Option const& option);
    void tos(Option const& option);
    void ecn_flag(unsigned flag, Option const& option);
    void extension_headers(Option const& option);
    void frag_more(Option const& option);

    // ---- iptables_state_match.cpp
    void ct_state(Option const& option);
    void only_tracked(Option const& option);
    void of_connection(Field field, ValueSet values, Option const& option);
    void connection_condition(Option const& option);
    bool matches_without_connection(std::size_t instance) const;
    void address_type(Field field, Option const& option);
    void mark(Field field, Option const& option);
    void interface_group(Field field, Option const& option);
    void user(Option const& option);
    void group(Option const& option);
    void from_socket(Span span);
    // "1000-2000" or "root"; nothing for names that only the machine knows.
    std::optional<IntervalSet> ids(Option const& option);
    void phys_interface(Field field, Option const& option);

    // ---- iptables_target.cpp
    void read_target();
    void jump(ChainId chain, std::string const& name, bool is_goto, Span span);
    bool refuse_options();
    std::string target_text(std::string_view name) const;
    void apply(Target const& target);
    void drop();
    void reject();
    void log(Target const& target);
    void change(Target const& target);
    std::optional<Assignment> assignment(Target const& target) const;
    std::string change_text(Target const& target) const;
    void translate(Target const& target);
    void set_port(Rewrite& rewrite, PortRange const& ports, Option const& option);
    void nat_target(Rewrite& rewrite, Option const& option);
    void netmap(Rewrite& rewrite, Option const& option);
    Option const* option_named(std::string_view name) const;
    std::optional<U128> number_option(std::string_view name) const;
    std::string word_option(std::string_view name) const;

    RuleContext const& context_;
    File const& file_;
    std::span<Option const> options_;
    std::span<Loaded const> loaded_;
    std::vector<Option const*> ordered_;
    Rule rule_;
    std::optional<std::uint8_t> protocol_; // of -p without `!`
    std::size_t instance_ = 0;             // of the target
    Span target_span_;
    std::string judge_; // the target that decides by itself
    bool set_changes_ = false; // of the -m set that was looked at last
    bool failed_ = false;
};

} // namespace portcullis::iptables
