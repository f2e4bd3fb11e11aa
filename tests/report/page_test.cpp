#include "corpuscle/report/page.hpp"

#include <gtest/gtest.h>

#include "report/toy_lines.hpp"

namespace corpuscle::report {
namespace {

std::size_t count(std::string const& text, std::string const& word) {
  std::size_t n = 0;
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++n;
  return n;
}

std::string page(Report const& report, std::string const& jsroot) {
  Plots plots;
  plots.plots.resize(2);
  plots.plots[0].section = plots.plots[1].section = "Jets";
  plots.plots[0].title = "First";
  std::vector<root::Picture> const pictures{{"first", "Man", "{\"a\": \"</script>\"}"},
                                            {"second", "M", "{}"}};
  return make_page(report, plots, pictures, jsroot);
}

TEST(Page, NeedsNothingFromElsewhere) {
  std::string const html = page(toy_report(), "JSROOT = 1;");
  EXPECT_EQ(count(html, "http"), 0U);
  EXPECT_EQ(count(html, "<link"), 0U);
  EXPECT_EQ(count(html, "<script src"), 0U);
  EXPECT_EQ(count(html, "<figure id="), 2U);
  EXPECT_EQ(count(html, "data:image/png;base64,TWFu\""), 1U);  // "Man" (RFC 4648, section 10 style)
  EXPECT_EQ(count(html, "data:image/png;base64,TQ==\""), 1U);  // "M"
}

TEST(Page, TextCannotBreakOut) {
  std::string const html = page(toy_report(), "");
  EXPECT_EQ(count(html, "Toys <& more>"), 0U);
  EXPECT_GE(count(html, "Toys &lt;&amp; more&gt;"), 2U);
  EXPECT_EQ(count(html, "\"</script>\""), 0U);
  EXPECT_EQ(count(html, "\\u003c/script>"), 1U);
}

TEST(Page, TellsWhatWasLeftOutAndWhichGatesFail) {
  Report report = toy_report();
  std::string html = page(report, "");
  EXPECT_EQ(count(html, "2 events were left out"), 1U);
  EXPECT_EQ(count(html, "id=gates"), 0U);
  report.verdicts = {{"a/b", "rules", "", 1, 0.1, 0, 2, true},
                     {"c/d", "rules", "naive", 3, 0.1, 0, 2, false}};
  html = page(report, "");
  EXPECT_EQ(count(html, "1 of 2 fail"), 1U);
  EXPECT_EQ(count(html, "class=fail>fail"), 1U);
  EXPECT_EQ(count(html, "class=pass>pass"), 1U);
}

TEST(Page, WithoutJsrootThereAreThePictures) {
  std::string const html = page(toy_report(), "");
  EXPECT_EQ(count(html, "JSROOT"), 0U);
  EXPECT_EQ(count(html, "<img"), 2U);
}

}  // namespace
}  // namespace corpuscle::report
