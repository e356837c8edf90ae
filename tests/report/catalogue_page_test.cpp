// What `portcullis catalogue` shows: a table, a page, or JSON; and an error that helps.
#include "portcullis/report/catalogue_page.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "portcullis/base/visible.hpp"

namespace portcullis {
namespace {

constexpr auto text = CataloguePageFormat::text;
constexpr auto json = CataloguePageFormat::json;
constexpr auto markdown = CataloguePageFormat::markdown;

CataloguePage ask(std::optional<std::string_view> query, CataloguePageFormat format, std::size_t width = 80) {
    return catalogue_page(Catalogue::built_in(), query, format, width);
}

std::vector<std::string> lines_of(std::string const& page) {
    std::vector<std::string> lines;
    std::istringstream stream(page);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

std::vector<std::string> json_names(std::string_view query) {
    std::vector<std::string> names;
    auto const document = nlohmann::json::parse(ask(query, json).text);
    for (auto const& service : document["services"]) names.push_back(service["name"]);
    return names;
}

} // namespace

TEST_CASE("the page of one service") {
    CHECK(ask("telnet", text).text ==
          R"(telnet: Telnet (insecure by design)

  Ports           tcp/23
  Purpose         Terminal login of the time before encryption, still found on
                  switches, printers and embedded devices.
  Encryption      none
  Authentication  a password in cleartext, or none
  Risk            Whoever sees the traffic reads the password and can take over
                  the session; botnets try default passwords on this port first.
  Exposure        high when untrusted sources reach it
  Use instead     ssh
  References      RFC 854, PCI DSS 4.0 1.2.6, PCI DSS 4.0 2.2.7,
                  CIS Controls 4.6, NSA Network Infrastructure Security Guide
)");
}

TEST_CASE("no line of any page is wider than the terminal") {
    for (std::size_t const width : {80UL, 120UL}) {
        std::vector<std::optional<std::string_view>> queries = {std::nullopt};
        for (Service const& service : Catalogue::built_in().services()) queries.emplace_back(service.name);
        for (auto const& query : queries)
            for (std::string const& line : lines_of(ask(query, text, width).text)) {
                INFO(line);
                CHECK(display_width(line) <= width);
                CHECK_FALSE(line.ends_with(' '));
            }
    }
}

TEST_CASE("the table has a line for every service, sorted by name") {
    auto const table = ask(std::nullopt, text).text;
    for (Service const& service : Catalogue::built_in().services())
        CHECK(table.find("\n" + service.name + " ") != std::string::npos);
    CHECK(table.find("\ntelnet ") < table.find("\ntelnets "));
}

TEST_CASE("a port asks for all services there") {
    CHECK(json_names("tcp/22") == std::vector<std::string>{"ssh", "sftp"});
    CHECK(json_names("22/tcp") == std::vector<std::string>{"ssh", "sftp"});
    CHECK(json_names("443") == std::vector<std::string>{"https", "quic"});
    CHECK(json_names("udp/161") == std::vector<std::string>{"snmp", "snmp-v1", "snmp-v2c", "snmp-v3"});
    CHECK(ask("tcp/22", text).text.starts_with("2 services: ssh, sftp\n\nssh: Secure Shell\n"));
}

TEST_CASE("an alias finds its service") { CHECK(json_names("www") == std::vector<std::string>{"http"}); }

TEST_CASE("what does not exist is an error with a suggestion") {
    std::pair<std::string_view, std::string_view> const cases[] = {
        {"telent", "no service is called 'telent'; did you mean 'telnet'?"},
        {"nonsense-word", "no service is called 'nonsense-word'; \"portcullis catalogue\" lists all"},
        {"tcp/4", "no service of the catalogue is at tcp/4"},
        {"tcp/70000", "no service is called 'tcp/70000'; \"portcullis catalogue\" lists all"},
    };
    for (auto const& [query, error] : cases) {
        CHECK(ask(query, text).error == error);
        CHECK(ask(query, text).text.empty());
    }
}

TEST_CASE("JSON has every field, and null for what is not stated") {
    auto const document = nlohmann::json::parse(ask("ssh", json).text);
    CHECK(document["schema_version"] == "1.0");
    auto const& ssh = document["services"][0];
    CHECK(ssh["name"] == "ssh");
    CHECK(ssh["ports"] == nlohmann::json::parse(R"([{"protocol": "tcp", "first": 22, "last": 22, "role": ""}])"));
    CHECK(ssh["severity"] == nlohmann::json::parse(R"({"untrusted": null, "any": "medium"})"));
    CHECK(ssh["variant_of"].is_null());
    CHECK(ssh["insecure"] == false);
    auto const mine = Catalogue::built_in().extended("[mine]\ntcp = [1]\n", "u").catalogue;
    auto const own = nlohmann::json::parse(catalogue_page(mine, "mine", json).text);
    CHECK(own["services"][0]["encryption"].is_null());
    CHECK(nlohmann::json::parse(ask(std::nullopt, json).text)["services"].size() ==
          Catalogue::built_in().services().size());
}

TEST_CASE("Markdown escapes what would be markup") {
    auto const mine = Catalogue::built_in().extended("[mine]\ntcp = [1]\ntitle = \"a|b *c* <d>\"\n", "u").catalogue;
    CHECK(catalogue_page(mine, "mine", markdown).text.starts_with("## mine: a&#124;b &#42;c&#42; &#60;d&#62;\n"));
    CHECK(ask("ftp", markdown).text.find("| tcp/21 | control |\n| tcp/20 | active data |\n") != std::string::npos);
}

} // namespace portcullis
