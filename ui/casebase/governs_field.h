#pragma once

#include <QStringList>
#include <QVector>
#include <QWidget>

#include <utility>

#include "precedent/casebase/types.h"

namespace precedent::ui {

class FlowLayout;

/// Id and title of a code.
using CodeName = std::pair<QString, QString>;

/// The codes that govern a case, as chips: pressing one says whether it decides, its cross takes it away, "+ code" adds one.
class GovernsField final : public QWidget {
    Q_OBJECT
public:
    explicit GovernsField(QWidget* parent = nullptr);

    void setCodes(const QVector<CodeName>& known); ///< what "+ code" offers
    void setValue(const std::vector<casebase::GoverningCode>& codes);
    [[nodiscard]] const std::vector<casebase::GoverningCode>& value() const { return m_value; }
    void setEditable(bool editable);

Q_SIGNALS:
    void edited();

private:
    void rebuild();
    void offerCodes();

    FlowLayout* m_layout;
    QVector<CodeName> m_known;
    std::vector<casebase::GoverningCode> m_value;
    bool m_editable = true;
};

} // namespace precedent::ui
