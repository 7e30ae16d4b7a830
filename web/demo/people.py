"""Who plays in the demonstration: one court, one agency, staff and bidders, all invented, with one password."""

from auction.services.lots import PartyFacts

PASSWORD = "fapai-demo"  # noqa: S105 - printed on the screen; the sandbox holds nothing of value
COURT = ("SL01", "示例市云溪区人民法院")
AGENCY = ("91320100000000003E", "示例拍卖辅助服务有限公司")
APPRAISER = "示例评估有限公司"
STAFF = (
    ("judge1", "judge", "示例法官甲"),
    ("judge2", "judge", "示例法官乙"),
    ("judge3", "judge", "示例法官丙"),
    ("judge4", "judge", "示例法官丁"),
    ("judge5", "judge", "示例法官戊"),
    ("judge6", "judge", "示例法官己"),
    ("clerk", "clerk", "示例书记员"),
    ("president", "president", "示例院长"),
    ("regulator", "regulator", "示例监督员"),
    ("operator", "operator", "示例运维员"),
    ("agency", "agency", "示例带看员"),
)
#: They sit on every panel; the other judges decide on what is said against it (own_act) or sit anew.
PANEL = ("judge1", "judge2", "judge3")
#: Fictional people; the numbers hold by form and check character only. Two of them give one telephone number, which the
#: regulator is told of once their auction has ended.
BIDDERS = (
    ("bidder", "示例竞买人", "110101199003070134", "+86 138 0000 0000"),
    ("bot1", "示例甲", "11010119850512031X", "+86 138 0000 0001"),
    ("bot2", "示例乙", "110101197811230520", "+86 138 0000 0001"),
    ("bot3", "示例丙", "110101199201010749", "+86 138 0000 0003"),
)
PARTIES = (
    PartyFacts("示例银行股份有限公司", "applicant"),
    PartyFacts("示例被执行人", "debtor"),
)
